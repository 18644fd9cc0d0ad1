"""The phases of a request as a picture: when it spent its time in what.

How much each phase took is known at each snapshot and at the end. So the picture is true to the
instant between two of these, and inside of such a part the phases stand one after the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final, get_args

from telemetry.names import Phase

WIDTH: Final = 1000
LABEL: Final = 130
VALUE: Final = 110
ROW: Final = 24
BAR: Final = 14
SHORTEST: Final = 1.5
MOST_MARKS: Final = 200

_CHART: Final = WIDTH - LABEL - VALUE


def seconds_text(seconds: float, of: float | None = None) -> str:
    """Return a duration to read: in milliseconds where it, or the whole, is below a tenth.

    Args:
        seconds: The duration.
        of: The whole that it is a part of.
    """
    if (seconds if of is None else of) < 0.1:
        return f"{seconds * 1e3:.3f} ms"
    return f"{seconds:.3f} s"


def waterfall(members: Mapping[str, Any]) -> str:
    """Return the picture as SVG.

    Args:
        members: Of a request; see ``ended``.
    """
    total = max(float(members["durationSeconds"]), 1e-6)
    phases = [name for name in get_args(Phase) if members["phaseSeconds"].get(name, 0.0) > 0.0]
    rows = list(_phase_rows(members, phases, total))
    rows += [row for title, times in _marks(members) if (row := _mark_row(title, times, total))]
    height = ROW * (len(rows) + 1) + 4
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" ',
        f'aria-label="Phases of the request over {total:.3f} seconds">',
        *_axis(total, height),
    ]
    for number, row in enumerate(rows, 1):
        parts.append(f'<g transform="translate(0 {number * ROW})">{row}</g>')
    parts.append("</svg>")
    return "".join(parts)


def _parts(members: Mapping[str, Any]) -> Iterator[tuple[float, Mapping[str, float]]]:
    """Yield the known instants, as age with the seconds by phase until then."""
    for snapshot in members["snapshots"]:
        yield snapshot["ageSeconds"], snapshot["phaseSeconds"]
    yield members["durationSeconds"], members["phaseSeconds"]


def _phase_rows(members: Mapping[str, Any], phases: Sequence[str], total: float) -> Iterator[str]:
    bars: dict[str, list[str]] = {name: [] for name in phases}
    before, seconds_before = 0.0, dict.fromkeys(phases, 0.0)
    for age, seconds in _parts(members):
        at = before
        for name in phases:
            took = max(0.0, seconds.get(name, 0.0) - seconds_before[name])
            if took > 0.0:
                bars[name].append(_bar(name, at, min(took, max(0.0, age - at)), total))
                at += took
            seconds_before[name] = max(seconds_before[name], seconds.get(name, 0.0))
        before = age
    for name in phases:
        took = members["phaseSeconds"][name]
        yield (
            _label(name)
            + "".join(bars[name])
            + _value(f"{seconds_text(took, total)} · {took / total:.0%}")
        )


def _bar(name: str, at: float, seconds: float, total: float) -> str:
    width = max(SHORTEST, seconds / total * _CHART)
    kind = f"phase-{name.replace('_', '-')}"
    return (
        f'<rect class="{kind}" x="{_x(at, total):.1f}" y="{(ROW - BAR) / 2}" '
        f'width="{width:.1f}" height="{BAR}" rx="1"><title>{name}: '
        f"{seconds_text(seconds, total)} from {seconds_text(at, total)}</title></rect>"
    )


def _marks(members: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[float, str]]]]:
    began = members["beganUnixSeconds"]
    yield "snapshots", [(each["ageSeconds"], each["state"]) for each in members["snapshots"]]
    yield (
        "events",
        [
            (each["unixSeconds"] - began, each["name"])
            for each in members["events"]
            if each["name"] != "request.snapshot"
        ],
    )


def _mark_row(title: str, times: Sequence[tuple[float, str]], total: float) -> str:
    if not times:
        return ""
    marks = "".join(
        f'<circle class="series-1" cx="{_x(min(max(at, 0.0), total), total):.1f}" cy="{ROW / 2}" '
        f'r="4"><title>{seconds_text(at, total)}: {escape(text)}</title></circle>'
        for at, text in times[:MOST_MARKS]
    )
    return _label(title) + marks + _value(str(len(times)))


def _axis(total: float, height: int) -> Iterator[str]:
    for quarter in range(5):
        x = LABEL + _CHART * quarter / 4
        anchor = "start" if quarter == 0 else "end" if quarter == 4 else "middle"
        yield f'<line x1="{x}" x2="{x}" y1="{ROW - 4}" y2="{height}"/>'
        text = seconds_text(total * quarter / 4, total)
        yield f'<text class="dim" x="{x}" y="14" text-anchor="{anchor}">{text}</text>'


def _label(text: str) -> str:
    return f'<text x="0" y="{ROW / 2 + 4}">{escape(text)}</text>'


def _value(text: str) -> str:
    return f'<text x="{WIDTH}" y="{ROW / 2 + 4}" text-anchor="end">{escape(text)}</text>'


def _x(seconds: float, total: float) -> float:
    return LABEL + seconds / total * _CHART
