"""Writes the tables of ``docs/capacity.md`` and its picture: ``python docs/capacity.py``.

They come from ``docs/capacity.json``, which ``python -m bench.capacity`` and ``python -m
bench.connections --json docs/capacity.json`` measure. A test compares all three.
"""

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
    slowest = max((point.p50_ms for point in points), default=1.0)
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
            640 + 130 * number, 50, f"● {curve.workers} workers", fill=colour, font_weight="600"
        )
    rates = _Panel(LEFTS[0], offered, answered * 1.1, "answers a second")
    yield from rates.axes()
    delays = _Panel(LEFTS[1], offered, slowest * 1.1, "p50, ms")
    yield from delays.axes()
    for curve in curves:
        measured = [(one.offered, one.answered, one.p50_ms) for one in curve.points]
        simulated = [
            (point.offered, one.answered, one.p50_ms)
            for point, one in zip(curve.points, curve.simulated, strict=True)
        ]
        colour = COLOURS.get(curve.workers, INK)
        yield from rates.dots([(x, y) for x, y, _ in measured], colour)
        yield rates.line([(x, y) for x, y, _ in simulated], colour)
        yield from delays.dots([(x, y) for x, _, y in measured], colour)
        yield delays.line([(x, y) for x, _, y in simulated], colour)


class _Panel:
    """Two axes.

    Args:
        left: Of the panel.
        most_x: At its right end.
        most_y: At its top.
        name: Of the vertical axis.
    """

    def __init__(self, left: float, most_x: float, most_y: float, name: str) -> None:
        self._left, self._most_x, self._most_y, self._name = left, most_x, most_y, name

    def axes(self) -> Iterator[str]:
        yield text(self._left, TOP - 12, self._name, size=11, fill=GREY)
        for quarter in range(5):
            value = self._most_y * quarter / 4
            y = self._place(0, value)[1]
            yield (
                f'<path d="M{self._left} {y:g}h{WIDE}" stroke="{LINE}" stroke-dasharray="2 4"'
                ' fill="none"/>'
            )
            shown = f"{value:.0f}"
            yield text(self._left - 8, y + 4, shown, size=11, fill=GREY, text_anchor="end")
            across = self._most_x * quarter / 4
            x = self._place(across, 0)[0]
            yield text(x, BOTTOM + 18, f"{across:.0f}", size=11, fill=GREY, text_anchor="middle")
        middle = self._left + WIDE / 2
        yield text(middle, BOTTOM + 36, "offered a second", fill=GREY, text_anchor="middle")

    def dots(self, points: Sequence[tuple[float, float]], colour: str) -> Iterator[str]:
        for point in points:
            x, y = self._place(*point)
            yield f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{colour}"/>'

    def line(self, points: Sequence[tuple[float, float]], colour: str) -> str:
        path = "L".join(f"{x:g} {y:g}" for x, y in (self._place(*point) for point in points))
        return f'<path d="M{path}" stroke="{colour}" stroke-width="1.8" fill="none"/>'

    def _place(self, x: float, y: float) -> tuple[float, float]:
        across = self._left + WIDE * x / self._most_x
        return round(across, 1), round(BOTTOM - (BOTTOM - TOP) * min(y / self._most_y, 1), 1)


def main() -> None:
    """Write the page and the picture."""
    figures = Figures.read()
    PAGE.write_text(with_tables(figures, PAGE.read_text("utf-8")), "utf-8")
    PICTURE.write_text(draw(figures), "utf-8")


if __name__ == "__main__":
    main()
