"""Record first, then sinks.

A request is begun once and completed exactly once. Completion fixes the facts (duration, waits, outcome); after it each sink is handed
the finished record behind its own guard. A sink never measures, and one that fails keeps nothing from the next.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

from telemetry import names
from telemetry.context import Outcome, RequestRecord
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.names import Phase

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
        """Append what is called with each record as it begins; ``name`` is the ``where`` of its errors."""
        self._on_begin.append((f"begin.{name}", callback))

    def on_end(self, name: str, callback: Sink) -> None:
        """Append what may still add facts to a record that ends, before any sink sees it; ``name`` is the ``where`` of its errors."""
        self._on_end.append((f"end.{name}", callback))

    @property
    def in_flight(self) -> tuple[RequestRecord, ...]:
        """The requests that have begun and are not completed, oldest first; safe to read from any thread."""
        return tuple(self._in_flight.values())

    def begin(self, record: RequestRecord) -> None:
        """Take a request into those in flight."""
        self._in_flight[id(record)] = record
        for name, callback in self._on_begin:
            with self._guard.at(name):
                callback(record)

    def complete(self, record: RequestRecord, outcome: Outcome, error: BaseException | None = None) -> None:
        """Fix the facts of a request and hand it to the sinks; does nothing for one that is completed already.

        Args:
            record: A record that was begun here.
            outcome: How it ended.
            error: What ended it, when something was raised.
        """
        if self._in_flight.pop(id(record), None) is None:
            return
        record.duration_seconds = (self._clock_ns() - record.started_ns) / 1e9
        record.outcome = outcome
        if error is not None and not record.error_type:
            record.error_type = type(error).__name__
        for name, callback in self._on_end:
            with self._guard.at(name):
                callback(record)
        record.greenlet = None
        for name, sink in self._sinks:
            with self._guard.at(name):
                sink(record)


def phases(record: RequestRecord) -> Iterator[tuple[Phase, float]]:
    """Where the time of a completed request went.

    Args:
        record: A completed record.

    Yields:
        Phase and seconds; ``other`` is what no wait accounts for, and 0 where waits of parallel greenlets exceed the duration.
    """
    yield from record.waits.items()
    yield "other", max(0.0, record.duration_seconds - sum(record.waits.values()))


class RequestMetrics:
    """The sink that turns completed requests into time series.

    Label children are looked up once per combination and then kept: ``labels()`` costs more than ``observe()``.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._duration = metrics.histogram(names.REQUEST_DURATION)
        self._aborted = metrics.counter(names.ABORTED_REQUESTS)
        self._phase = metrics.counter(names.REQUEST_PHASE)
        self._bytes = metrics.counter(names.RESPONSE_SIZE)
        self._active = metrics.gauge(names.ACTIVE_REQUESTS)
        self._observe: dict[tuple[str, str, int | None], Callable[..., None]] = {}
        self._add: dict[tuple[str, str], Callable[[float], None]] = {}
        self._add_bytes: dict[str, Callable[[float], None]] = {}
        self._actives: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {}

    def begin(self, record: RequestRecord) -> None:
        """Count a request as active."""
        self._active_of(record.method_label)[0]()

    def __call__(self, record: RequestRecord) -> None:
        self._active_of(record.method_label)[1]()
        key = (record.method_label, record.route, record.status)
        observe = self._observe.get(key)
        if observe is None:
            status = UNKNOWN_STATUS if record.status is None else str(record.status)
            observe = self._observe[key] = self._duration.labels(record.method_label, record.route, status).observe
        observe(record.duration_seconds, {"trace_id": record.trace_id} if record.sampled else None)
        for phase, seconds in phases(record):
            self._phase_of(record.route, phase)(seconds)
        if record.response_bytes:
            self._bytes_of(record.route)(record.response_bytes)
        if record.outcome not in ("completed", "rejected", "failed"):
            self._aborted.labels(record.route, record.outcome).inc()

    def _active_of(self, method: str) -> tuple[Callable[[], None], Callable[[], None]]:
        active = self._actives.get(method)
        if active is None:
            child = self._active.labels(method)
            active = self._actives[method] = (child.inc, child.dec)
        return active

    def _phase_of(self, route: str, phase: str) -> Callable[[float], None]:
        add = self._add.get((route, phase))
        if add is None:
            add = self._add[(route, phase)] = self._phase.labels(route, phase).inc
        return add

    def _bytes_of(self, route: str) -> Callable[[float], None]:
        add = self._add_bytes.get(route)
        if add is None:
            add = self._add_bytes[route] = self._bytes.labels(route).inc
        return add
