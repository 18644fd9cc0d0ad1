"""The plot of ``docs/measurements.md``: ``python docs/cost.py`` draws ``images/cost.json``.

``python -m bench.cost --json docs/images/cost.json`` measures. Takes another folder as an argument;
a test compares the committed file with what this writes.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from drawing import BLUE, GREY, INK, ORANGE, picture, text

from bench.cost.results import Results, Row, Spread

IMAGES: Final = Path(__file__).parent / "images"

COLOURS: Final = {
    "bare": "#8a95ad",
    "layer": BLUE,
    "part": "#a9c1f7",
    "usual": ORANGE,
    "agent": "#b65a7c",
}
LEGEND: Final = {
    "bare": "bare Flask",
    "layer": "this layer, everything on",
    "part": "this layer without one part",
    "usual": "the usual set",
    "agent": "commercial agents",
}
LEFT, BAR_WIDTH, RIGHT = 300, 440, 772
COLUMNS: Final = ((836, "answers/s"), (904, "p99 ms"), (1012, "MB, above bare"))
TOP, STEP, BAR = 96, 30, 14


class Scale:
    """From ratios to the horizontal axis.

    Args:
        most: The largest ratio.
    """

    def __init__(self, most: float) -> None:
        self.steps = int(most) + 1

    def __call__(self, ratio: float) -> float:
        """Return the place of a ratio."""
        return round(LEFT + BAR_WIDTH * ratio / self.steps, 1)


def draw(results: Results) -> str:
    """Return the SVG of the first table of some results; a mark shows the second one's ratio."""
    first, *others = results.series
    rows = first.rows()
    paced = {row.name: row for row in others[0].rows()} if others else {}
    scale = Scale(max(row.ratio.most for row in (*rows, *paced.values())))
    height = TOP + STEP * len(rows) + 44
    return picture(
        "What telemetry costs",
        "Processor time of a request against bare Flask on gunicorn's own gevent worker; "
        + "; ".join(f"{row.name}: {row.ratio.format(2)}" for row in rows),
        height,
        _parts(rows, paced, scale, height, first.title, results),
    )


def _parts(
    rows: Sequence[Row],
    paced: dict[str, Row],
    scale: Scale,
    height: int,
    title: str,
    results: Results,
) -> Iterator[str]:
    yield text(
        24, 32, "Processor time of a request, bare Flask = 1", size=15, font_weight="700", fill=INK
    )
    marks = f"; ◆ at {results.series[1].title}" if paced else ""
    yield text(24, 50, f"{title}; median, whiskers from least to most{marks}", fill=GREY)
    yield from _legend({row.group for row in rows})
    yield from _axis(scale, height)
    for number, row in enumerate(rows):
        yield from _row(TOP + STEP * number, row, paced.get(row.name), scale)


def _legend(groups: set[str]) -> Iterator[str]:
    x = 24.0
    for group in [one for one in LEGEND if one in groups]:
        yield f'<rect x="{x:g}" y="60" width="10" height="10" rx="2" fill="{COLOURS[group]}"/>'
        yield text(x + 15, 69, LEGEND[group], size=11, fill=GREY)
        x += 34 + 6.1 * len(LEGEND[group])


def _axis(scale: Scale, height: int) -> Iterator[str]:
    for ratio in range(scale.steps + 1):
        colour, dashes = ("#5f6b88", "") if ratio == 1 else ("#d7dceb", ' stroke-dasharray="2 4"')
        x = scale(ratio)
        yield f'<path d="M{x:g} {TOP - 8}V{height - 32}" stroke="{colour}"{dashes} fill="none"/>'
        yield text(x, height - 16, str(ratio), size=11, fill=GREY, text_anchor="middle")
    for x, name in COLUMNS:
        yield text(x, TOP - 14, name, size=11, fill=GREY, text_anchor="end")


def _row(y: float, row: Row, paced: Row | None, scale: Scale) -> Iterator[str]:
    middle, colour = y + BAR / 2, COLOURS[row.group]
    yield text(LEFT - 10, y + 11, row.name, fill=INK, text_anchor="end")
    width = scale(row.ratio.median) - LEFT
    yield (
        f'<rect x="{LEFT}" y="{y:g}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour}"/>'
    )
    yield _whiskers(row.ratio, middle, scale)
    if paced is not None:
        yield text(
            scale(paced.ratio.median), middle + 4, "◆", size=11, fill=INK, text_anchor="middle"
        )
    yield text(
        RIGHT - 4, y + 11, f"{row.ratio.median:.2f}", font_weight="600", fill=INK, text_anchor="end"
    )
    values = (
        f"{row.per_second:.0f}",
        f"{row.p99_ms:.0f}",
        f"{row.resident_mb:.0f}, {row.more_mb:+.0f}",
    )
    for (x, _), value in zip(COLUMNS, values, strict=True):
        yield text(x, y + 11, value, fill=GREY, text_anchor="end")


def _whiskers(ratio: Spread, y: float, scale: Scale) -> str:
    least, most = scale(ratio.least), scale(ratio.most)
    path = f"M{least:g} {y - 4:g}v8M{least:g} {y:g}H{most:g}M{most:g} {y - 4:g}v8"
    return f'<path d="{path}" stroke="{INK}" stroke-width="1.3" fill="none"/>'


def write(folder: Path, file: Path = IMAGES / "cost.json") -> None:
    """Draw the results of a file into a folder."""
    (folder / "cost.svg").write_text(draw(Results.read(file)), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
