"""``gevent_hub_blocked_seconds_total``: all blocked seconds, by cause and code, in bounded series.

The costliest codes of the last hour have series of their own, the rest is ``_OTHER``. Each second
is added to exactly one series, the one that its code has at that instant, and is never moved: no
series ever decreases, and rates over all codes are right at any time. A block that lasts is counted
while it does, so that a hub that never comes back is seen. A code that becomes costlier
than the cheapest one with a name gets its name's place; the cheaper one's series ends. When a code
gets its name back, its series goes on from where it was.

Written by the sampling thread alone, read by any thread, without a lock.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, Metric

from telemetry.hub.attribution import CAUSES
from telemetry.hub.culprits import Culprit
from telemetry.names import HUB_BLOCKED, OTHER_CODE, UNKNOWN_CODE

NAMED_CODES: Final = 50
KNOWN_CODES: Final = 500
"""Codes whose cost is remembered, named or not."""
HOUR_SECONDS: Final = 3600.0
_SLOT_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Code:
    """One code.

    Args:
        minutes: Its seconds of the last hour, by minute.
        totals: What its series show, by cause.
        named: Whether it has series.
    """

    minutes: dict[int, float] = field(default_factory=dict)
    totals: dict[str, float] = field(default_factory=dict)
    named: bool = False

    def cost(self, now: float) -> float:
        """Return its seconds of the last hour."""
        oldest = int((now - HOUR_SECONDS) // _SLOT_SECONDS)
        for minute in [each for each in self.minutes if each <= oldest]:
            del self.minutes[minute]
        return sum(self.minutes.values())


class BlockedSeconds:
    """The counter; a collector of the registry.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._others: dict[tuple[str, str], float] = {(cause, OTHER_CODE): 0.0 for cause in CAUSES}
        self._lasting: dict[tuple[str, str], float] = {}

    def add(self, culprits: Iterable[Culprit]) -> None:
        """Add the parts of a block that has ended; what ``add_lasting`` has added of it is in."""
        self.add_lasting(culprits)
        self._lasting.clear()

    def add_lasting(self, culprits: Iterable[Culprit]) -> None:
        """Add the parts of a block until now; the next one is this one's again, or its end.

        What was added to a code stays there, also where the block has turned out to be another's.
        """
        parts: dict[tuple[str, str], float] = {}
        for culprit in culprits:
            key = culprit.cause, culprit.code
            parts[key] = parts.get(key, 0.0) + culprit.seconds
        more = {
            key: seconds - self._lasting.get(key, 0.0)
            for key, seconds in parts.items()
            if seconds > self._lasting.get(key, 0.0)
        }
        left = sum(parts.values()) - sum(self._lasting.values())
        if left <= 0 or not more:
            return
        scale = left / sum(more.values())
        for (cause, code), seconds in more.items():
            added = seconds * scale
            self._lasting[cause, code] = self._lasting.get((cause, code), 0.0) + added
            self._add(cause, code, added)

    def costliest(self) -> list[tuple[str, float]]:
        """Return the codes with names and their seconds of the last hour, costliest first."""
        oldest = int((self._clock() - HOUR_SECONDS) // _SLOT_SECONDS)
        costs = [
            (
                name,
                sum(seconds for minute, seconds in code.minutes.copy().items() if minute > oldest),
            )
            for name, code in self._codes.copy().items()
            if code.named
        ]
        return sorted([pair for pair in costs if pair[1] > 0], key=lambda pair: -pair[1])

    def describe(self) -> Iterable[Metric]:
        """Return the family without samples."""
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        """Return the series at this instant."""
        family = self._family()
        for (cause, code), seconds in self._others.copy().items():
            family.add_metric((cause, code), seconds)
        for name, known in self._codes.copy().items():
            if known.named:
                for cause, seconds in known.totals.copy().items():
                    family.add_metric((cause, name), seconds)
        return [family]

    def _family(self) -> CounterMetricFamily:
        return CounterMetricFamily(HUB_BLOCKED.name, HUB_BLOCKED.help, labels=HUB_BLOCKED.labels)

    def _add(self, cause: str, name: str, seconds: float) -> None:
        if name == UNKNOWN_CODE:
            self._others[cause, name] = self._others.get((cause, name), 0.0) + seconds
            return
        now = self._clock()
        code = self._codes.get(name)
        if code is None:
            if len(self._codes) >= KNOWN_CODES:
                self._forget_cheapest(now)
            code = self._codes[name] = _Code()
        minute = int(now // _SLOT_SECONDS)
        code.minutes[minute] = code.minutes.get(minute, 0.0) + seconds
        if not code.named:
            self._name(code, now)
        if code.named:
            code.totals[cause] = code.totals.get(cause, 0.0) + seconds
        else:
            self._others[cause, OTHER_CODE] += seconds

    def _name(self, code: _Code, now: float) -> None:
        """Give a code a name, if it is among the costliest."""
        named = [each for each in self._codes.values() if each.named]
        if len(named) >= NAMED_CODES:
            cheapest = min(named, key=lambda each: each.cost(now))
            if cheapest.cost(now) >= code.cost(now):
                return
            cheapest.named = False
        code.named = True

    def _forget_cheapest(self, now: float) -> None:
        # One without a name, and if possible one that never had any: the series of one that had
        # begins again at 0 when it comes back, which is a reset as of a new process.
        codes = self._codes
        unnamed = [name for name, code in codes.items() if not code.named]
        del codes[min(unnamed, key=lambda name: (bool(codes[name].totals), codes[name].cost(now)))]
