"""Writes the tables of ``docs/capacity.md`` and its picture: ``python docs/capacity.py``.

They come from ``docs/capacity.json``, which ``python -m bench.capacity`` and ``python -m
bench.connections --json docs/capacity.json`` measure. A test compares all three.
"""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from drawing import BLUE, GREY, INK, LINE, ORANGE, picture, text

from bench.capacity import fleet_tables, tables
from bench.capacity.figures import Curve, Figures

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "capacity.md"
PICTURE: Final = ROOT / "docs" / "images" / "capacity.svg"
TABLES: Final[Mapping[str, Callable[[Figures], str]]] = {
    "facts": tables.facts,
    "costs": tables.costs,
    "worker": tables.worker,
    "errors": tables.errors,
    "curve": tables.curve,
    "shared": tables.shared,
    "servers": fleet_tables.servers,
    "breaks": fleet_tables.breaks,
    "growth": fleet_tables.fleet_growth,
    "held": tables.held,
}
COLOURS: Final = {1: BLUE, 2: ORANGE, 4: "#b65a7c"}
TOP, BOTTOM, HEIGHT = 84, 364, 412
LEFTS: Final = (76, 596)
WIDE: Final = 400


def with_tables(figures: Figures, page: str) -> str:
    """Return a page with each table between its two marks.

    Raises:
        ValueError: The page lacks a mark.
    """
    for name, write in TABLES.items():
        begin, end = f"<!-- {name}: python docs/capacity.py -->", f"<!-- end of {name} -->"
        before, mark, rest = page.partition(begin)
        _, closing, after = rest.partition(end)
        if not (mark and closing):
            raise ValueError(f"{PAGE.name} has no place for the table {name}")
        page = f"{before}{begin}\n\n{write(figures)}\n\n{end}{after}"
    return page


def draw(figures: Figures) -> str:
    """Return the picture of the curves."""
    curves = figures.curves
    points = [point for curve in curves for point in curve.points]
    offered = max((point.offered for point in points), default=1.0)
    answered = max((point.answered for point in points), default=1.0)
    slowest = max(
        (one.p50_ms for curve in curves for one in (*curve.points, *curve.simulated)), default=1.0
    )
    described = "; ".join(
        f"{curve.workers} workers: at most {max(one.answered for one in curve.points):.0f} measured"
        f", {max(one.answered for one in curve.simulated):.0f} simulated"
        for curve in curves
    )
    return picture(
        "The simulated curve against the measurements",
        f"Answers a second and median latency by offered load. {described}.",
        HEIGHT,
        _parts(curves, offered, answered, slowest),
    )


def _parts(
    curves: Sequence[Curve], offered: float, answered: float, slowest: float
) -> Iterator[str]:
    title = "Answers a second, and median latency, by offered load"
    yield text(24, 32, title, size=15, font_weight="700", fill=INK)
    yield text(24, 50, "● measured, — simulated; two cores for all, the load included", fill=GREY)
    for number, curve in enumerate(curves):
        colour = COLOURS.get(curve.workers, INK)
        yield text(
            640 + 130 * number,
            50,
            f"● {curve.workers} worker{'s' if curve.workers > 1 else ''}",
            fill=colour,
            font_weight="600",
        )
    rates = _Panel(LEFTS[0], offered, "answers a second", _even(answered))
    yield from rates.axes()
    decades = range(max(1, math.ceil(math.log10(slowest))) + 1)
    delays = _Panel(LEFTS[1], offered, "p50, ms", [10.0**one for one in decades], logarithmic=True)
    yield from delays.axes()
    for number, curve in enumerate(curves):
        measured = [(one.offered, one.answered, one.p50_ms) for one in curve.points]
        simulated = [
            (point.offered, one.answered, one.p50_ms)
            for point, one in zip(curve.points, curve.simulated, strict=True)
        ]
        colour = COLOURS.get(curve.workers, INK)
        radius = 7.0 - 2 * number  # where they lie on each other, all are seen
        yield from rates.dots([(x, y) for x, y, _ in measured], colour, radius)
        yield rates.line([(x, y) for x, y, _ in simulated], colour)
        yield from delays.dots([(x, y) for x, _, y in measured], colour, radius)
        yield delays.line([(x, y) for x, _, y in simulated], colour)


def _even(most: float) -> list[float]:
    """Return up to six round values from 0 on, the last of them no less than the most."""
    step = next(
        size
        for power in range(9)
        for size in (10.0**power, 2 * 10.0**power, 5 * 10.0**power)
        if 5 * size >= most
    )
    return [step * one for one in range(math.ceil(most / step) + 1)]


class _Panel:
    """Two axes.

    Args:
        left: Of the panel.
        most_x: At its right end.
        name: Of the vertical axis.
        values: On the vertical axis, from its bottom to its top.
        logarithmic: Whether each of them is ten times the one before.
    """

    def __init__(
        self,
        left: float,
        most_x: float,
        name: str,
        values: Sequence[float],
        *,
        logarithmic: bool = False,
    ) -> None:
        self._left, self._most_x, self._name, self._values = left, most_x, name, values
        self._logarithmic = logarithmic

    def axes(self) -> Iterator[str]:
        yield text(self._left, TOP - 12, self._name, size=11, fill=GREY)
        for value in self._values:
            y = self._place(0, value)[1]
            yield (
                f'<path d="M{self._left} {y:g}h{WIDE}" stroke="{LINE}" stroke-dasharray="2 4"'
                ' fill="none"/>'
            )
            shown = f"{value:,.0f}"
            yield text(self._left - 8, y + 4, shown, size=11, fill=GREY, text_anchor="end")
        for quarter in range(5):
            across = self._most_x * quarter / 4
            x = self._place(across, self._values[-1])[0]
            yield text(x, BOTTOM + 18, f"{across:.0f}", size=11, fill=GREY, text_anchor="middle")
        middle = self._left + WIDE / 2
        yield text(middle, BOTTOM + 36, "offered a second", fill=GREY, text_anchor="middle")

    def dots(
        self, points: Sequence[tuple[float, float]], colour: str, radius: float
    ) -> Iterator[str]:
        for point in points:
            x, y = self._place(*point)
            yield f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{colour}"/>'

    def line(self, points: Sequence[tuple[float, float]], colour: str) -> str:
        path = "L".join(f"{x:g} {y:g}" for x, y in (self._place(*point) for point in points))
        return f'<path d="M{path}" stroke="{colour}" stroke-width="1.8" fill="none"/>'

    def _place(self, x: float, y: float) -> tuple[float, float]:
        across = self._left + WIDE * x / self._most_x
        most = self._values[-1]
        share = math.log10(max(y, 1.0)) / math.log10(most) if self._logarithmic else y / most
        return round(across, 1), round(BOTTOM - (BOTTOM - TOP) * min(share, 1), 1)


def main() -> None:
    """Write the page and the picture."""
    figures = Figures.read()
    PAGE.write_text(with_tables(figures, PAGE.read_text("utf-8")), "utf-8")
    PICTURE.write_text(draw(figures), "utf-8")


if __name__ == "__main__":
    main()
