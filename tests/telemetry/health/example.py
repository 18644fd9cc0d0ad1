"""The health report as the user wrote it, and what it means for a real one to be like it.

Only what the user named is here: a report may have more members, never fewer, and none of another
type or format.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EXAMPLE: dict[str, Any] = json.loads(Path(__file__).with_name("seed_example.json").read_text())

WORDS = {
    "status": {"healthy", "unhealthy"},
    "services.database.status": {"connected", "disconnected", "stale", "unknown"},
    "services.server.status": {"up", "down", "stale"},
    "sla.trend": {"rising", "falling", "steady", "unknown"},
}
FORMATS = {
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "responseTime": r"\d+(\.\d{1,2})?ms",
    "avgResponseTime": r"\d+(\.\d{1,2})?ms",
    "sla.target": r"\d+(\.\d{1,2})?ms",
    "system.memory.usedPercentage": r"\d{1,3}\.\d%",
}


def differences(report: dict[str, Any], without: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong with a report, by the place of each member.

    Args:
        report: As JSON was read.
        without: Places that the database behind it does not report.
    """
    return list(_differences(EXAMPLE, report, "", without))


def _differences(expected: Any, found: Any, place: str, without: frozenset[str]) -> Iterator[str]:
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            yield f"{place}: no object"
            return
        for name, value in expected.items():
            at = f"{place}.{name}".lstrip(".")
            if name in found:
                yield from _differences(value, found[name], at, without)
            elif at not in without:
                yield f"{at}: missing"
    elif isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            yield f"{place}: {found!r} is no list of {len(expected)}"
            return
        for number, value in enumerate(expected):
            yield from _differences(value, found[number], f"{place}[{number}]", without)
    elif not _is_like(expected, found):
        yield f"{place}: {found!r} is not of the type of {expected!r}"
    elif place in WORDS and found not in WORDS[place]:
        yield f"{place}: {found!r} is not one of {sorted(WORDS[place])}"
    elif place in FORMATS and not re.fullmatch(FORMATS[place], found):
        yield f"{place}: {found!r} is not in the format of {expected!r}"


def _is_like(expected: Any, found: Any) -> bool:
    if isinstance(expected, bool) or not isinstance(expected, (int, float)):
        return type(found) is type(expected)
    return isinstance(found, (int, float)) and not isinstance(found, bool)
