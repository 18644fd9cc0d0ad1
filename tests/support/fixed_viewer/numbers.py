"""Numbers as of measurements, the same each time: a quiet hour with one incident.

The incident lasts ten minutes in the middle of the hour: what is worse when it is higher rises.
"""

import functools
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from tests.support.fixed_viewer.labels import Labels
from tests.support.fixed_viewer.moment import NOW
from tests.support.fixed_viewer.targets import Target

Curve = Callable[[float], float]

_INCIDENT_AT: Final = NOW - 1500
_INCIDENT_SECONDS: Final = 300
_HEIGHT: Final = 3.0

_OF_UNITS: Final[Mapping[str, float]] = {
    "s": 0.08,
    "percentunit": 0.3,
    "reqps": 14.0,
    "ops": 22.0,
    "Bps": 42_000.0,
    "bytes": 1.7e8,
    "suffix:x": 0.4,
    "suffix:s/s": 0.35,
    "short": 12.0,
}
_WHOLE: Final = frozenset({"short", "none", ""})
_AGES: Final = ("Runs for", "{{job}}", "For")
_AGE_SECONDS: Final = 93_600.0
_OF_LEGENDS: Final[Mapping[str, float]] = {"p50": 0.3, "p95": 1.0, "p99": 1.7}
_SELDOM: Final = re.compile(r"(?i)fail|slow|abort|reject|refused|lost|drop|discard|timed|unread")
_SELDOM_FACTOR: Final = 0.03
# One panel in so many that has thresholds is bad at the end of the range.
_BAD_ONE_IN: Final = 5


def curve(target: Target, labels: Labels, number: int) -> Curve:
    """Return the values of a query's series by seconds since 1970.

    Args:
        target: Of the query.
        labels: Of the series.
        number: Of the series among those of the query.
    """
    if "le" in labels:
        return functools.partial(_bucket, target, labels["le"])
    if target.states:
        return functools.partial(_state, target.states, number)
    if target.unit.startswith("bool"):
        return lambda _seconds: 1.0
    return _measured(target, "|".join((target.title, target.legend, *labels.values())), number)


def _measured(target: Target, seed: str, number: int) -> Curve:
    base = _base(target) * (0.72**number) * (0.8 + 0.4 * _share(seed))
    base *= _OF_LEGENDS.get(target.legend, 1.0)
    period = 170 + 240 * _share(seed + "period")
    height = _HEIGHT * _share(seed + "incident")
    most = 1.0 if target.unit == "percentunit" else math.inf
    is_whole = target.unit in _WHOLE

    def at(seconds: float) -> float:
        wave = 1 + 0.18 * math.sin(seconds / period + number)
        noise = 1 + 0.12 * (_share(f"{seed}|{int(seconds // 20)}") - 0.5)
        raised = min(base * wave * noise * (1 + height * _incident(seconds)), most)
        return float(round(raised)) if is_whole else raised

    return at


def _base(target: Target) -> float:
    if target.unit == "s" and target.legend in _AGES:
        return _AGE_SECONDS
    numbered = [(step, colour) for step, colour in target.steps if step is not None]
    if not numbered:
        is_seldom = _SELDOM.search(f"{target.title} {target.legend}") and target.unit not in _WHOLE
        return _OF_UNITS.get(target.unit, 5.0) * (_SELDOM_FACTOR if is_seldom else 1.0)
    first, last = numbered[0][0], numbered[-1][0]
    is_bad = _share(target.title) < 1 / _BAD_ONE_IN
    if target.steps[0][1] == "red":  # the more, the better
        return first * 1.5 if is_bad else max(last * 1.4, 3.0 if target.unit in _WHOLE else 0.0)
    if target.unit in _WHOLE:
        return first * 1.5 if is_bad else 0.0
    return first * 1.25 if is_bad else first * 0.4


def _state(states: tuple[int, ...], number: int, seconds: float) -> float:
    """Return the last state, but for the incident, in which one worker after another leaves it."""
    best = max(states)
    since = seconds - _INCIDENT_AT - 200 * number
    if not 0 <= since < 180 or len(states) == 1:
        return best
    return states[-2] if since > 120 else states[len(states) // 2]


def _bucket(target: Target, bound: str, seconds: float) -> float:
    """Return the number of events up to a bound; they are distributed log-normally."""
    middle, events = (90_000.0, 6.0) if target.unit == "bytes" else (0.04, 60.0)
    middle *= 1 + 4 * _incident(seconds)
    events *= 1 + 0.2 * math.sin(seconds / 300)
    deviations = (math.log(float(bound)) - math.log(middle)) / 0.9
    return round(events * 0.5 * (1 + math.erf(deviations / math.sqrt(2))), 2)


def _incident(seconds: float) -> float:
    return math.exp(-(((seconds - _INCIDENT_AT) / _INCIDENT_SECONDS) ** 2))


@functools.cache
def _share(seed: str) -> float:
    """Return a number from 0 to 1 that depends on a text alone."""
    digest = hashlib.blake2b(seed.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
