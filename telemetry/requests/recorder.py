"""Record first, then sinks.

A request is begun once and completed exactly once. Completion fixes the facts (duration, waits,
outcome); after it each sink is handed the finished record behind its own guard. A sink never
measures, and one that fails keeps nothing from the next.
"""

import time
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Final

from telemetry import names
from telemetry.guard import Guard
from telemetry.metrics import Metrics, observe_traced
from telemetry.names import Phase
from telemetry.requests.record import ABORTED, Outcome, RequestRecord

Sink = Callable[[RequestRecord], None]

UNKNOWN_STATUS: Final = ""
"""Status label of a request that ended before any response began: an empty label is an absent one."""


class Recorder:
    """Keeps the requests in flight and hands on the completed ones.

    Args:
        guard: Stands around each sink.
        clock_ns: Monotonic nanoseconds, the clock of ``RequestRecord.started_ns``.
    """

    def __init__(self, guard: Guard, *, clock_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._guard = guard
        self._clock_ns = clock_ns
        self._in_flight: dict[int, RequestRecord] = {}
        self._sinks: list[tuple[str, Sink]] = []
        self._on_begin: list[tuple[str, Sink]] = []
        self._on_end: list[tuple[str, Sink]] = []

    def add_sink(self, name: str, sink: Sink) -> None:
        """Append a sink; they run in the order of their adding.

        Args:
            name: Fixed name, the ``where`` of its errors.
            sink: Called with each completed record.
        """
        self._sinks.append((f"sink.{name}", sink))

    def on_begin(self, name: str, callback: Sink) -> None:
        """Append what is called with each record as it begins; ``name`` is the ``where`` of its
        errors.
        """
        self._on_begin.append((f"begin.{name}", callback))

    def on_end(self, name: str, callback: Sink) -> None:
        """Append what may still add facts to a record that ends, before any sink sees it; ``name``
        is the ``where`` of its errors.
        """
        self._on_end.append((f"end.{name}", callback))

    @property
    def in_flight(self) -> tuple[RequestRecord, ...]:
        """The requests that have begun and are not completed, oldest first; safe to read from any
        thread.
        """
        return tuple(self._in_flight.values())

    def begin(self, record: RequestRecord) -> None:
        """Take a request into those in flight."""
        self._in_flight[id(record)] = record
        for name, callback in self._on_begin:
            with self._guard.at(name):
                callback(record)

    def complete(
        self, record: RequestRecord, outcome: Outcome, error: BaseException | None = None
    ) -> None:
        """Fix the facts of a request and hand it to the sinks; does nothing for one that is
        completed already.

        Args:
            record: A record that was begun here.
            outcome: How it ended.
            error: What ended it, when something was raised.
        """
        if self._in_flight.pop(id(record), None) is None:
            return
        now_ns = self._clock_ns()
        record.duration_seconds = (now_ns - record.started_ns) / 1e9
        record.waits, record.under_way = record.waits_until(now_ns), []
        record.outcome = outcome
        if error is not None and not record.error_type:
            record.error_type = type(error).__name__
        for name, callback in self._on_end:
            with self._guard.at(name):
                callback(record)
        record.greenlet = None
        record.kept_out = ()
        if record.duration_seconds >= record.slow_after_seconds > 0:
            record.dominant_phase = max(phases(record), key=itemgetter(1))[0]
        for name, sink in self._sinks:
            with self._guard.at(name):
                sink(record)


def phases(record: RequestRecord) -> Iterator[tuple[Phase, float]]:
    """Where the time of a completed request went.

    Args:
        record: A completed record.

    Yields: Phase and seconds; ``other`` is what no wait accounts for, and 0 where waits of parallel
        greenlets exceed the duration.
    """
    yield from record.waits.items()
    yield "other", max(0.0, record.duration_seconds - sum(record.waits.values()))


class RequestMetrics:
    """The sink that turns completed requests into time series.

    Args:
        metrics: Where they are registered.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._duration = metrics.histograms(names.REQUEST_DURATION)
        self._aborted = metrics.counters(names.ABORTED_REQUESTS)
        self._phase = metrics.counters(names.REQUEST_PHASE)
        self._bytes = metrics.counters(names.RESPONSE_SIZE)
        self._active = metrics.gauges(names.ACTIVE_REQUESTS)

    def begin(self, record: RequestRecord) -> None:
        """Count a request as active."""
        self._active[(record.method_label,)].inc()

    def __call__(self, record: RequestRecord) -> None:
        self._active[(record.method_label,)].dec()
        status = UNKNOWN_STATUS if record.status is None else str(record.status)
        histogram = self._duration[record.method_label, record.route, status]
        observe_traced(
            histogram, record.duration_seconds, record.trace_id if record.sampled else ""
        )
        for phase, seconds in phases(record):
            self._phase[record.route, phase].inc(seconds)
        if record.response_bytes:
            self._bytes[(record.route,)].inc(record.response_bytes)
        if record.outcome in ABORTED:
            self._aborted[record.route, record.outcome].inc()
