"""The series of requests: duration with exemplar, seconds by phase, bytes, active and aborted.

The instruments are prometheus_client's, so scrapes, health checks and anyone else read them as
usual. Only the way in is shorter: the values behind a request's labels are found by one access and
changed under one lock, instead of one access, several checks and a lock for each of nine values.

Threads: everything that writes these values is here and holds the one lock, in whatever thread a
request ends; it is native, for nothing yields while it is held, and may be entered again, because a
garbage collection inside it may complete a request that was never closed. A reader needs no lock:
each value is one attribute.
"""

import time
from bisect import bisect_left
from typing import Final, cast

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.samples import Exemplar
from prometheus_client.values import MutexValue

from telemetry import names
from telemetry.metrics import EXEMPLAR_TRACE_ID, Metrics
from telemetry.names import Phase
from telemetry.native import new_reentrant_lock
from telemetry.requests.completed import CompletedRequest
from telemetry.requests.record import ABORTED, RequestRecord

_new_tuple: Final = tuple.__new__

UNKNOWN_STATUS: Final = ""
"""Status label of a request that ended before a response began: an empty label is an absent one."""


class RequestMetrics:
    """The begin step and the sink that turn requests into time series.

    Args:
        metrics: Where they are registered.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._duration = metrics.histogram(names.REQUEST_DURATION)
        self._bounds: list[float] = self._duration._upper_bounds
        self._aborted = metrics.counters(names.ABORTED_REQUESTS)
        self._phase = metrics.counter(names.REQUEST_PHASE)
        self._size = metrics.counter(names.RESPONSE_SIZE)
        self._gauge = metrics.gauge(names.ACTIVE_REQUESTS)
        # Plain dictionaries: the access to one with ``__missing__`` goes through a method.
        self._active: dict[str, MutexValue] = {}
        self._routes: dict[str, _Route] = {}
        self._series: dict[tuple[str, str, int | None], _Series] = {}
        # A ``with`` block finds and binds both methods anew: 0.35 µs each time.
        lock = new_reentrant_lock()
        self._acquire, self._release = lock.acquire, lock.release

    def begin(self, record: RequestRecord) -> None:
        """Count a request as active."""
        value = self._active.get(record.method_label) or self._active_of(record.method_label)
        self._acquire()
        try:
            value._value += 1.0
        finally:
            self._release()

    def __call__(self, request: RequestRecord | CompletedRequest) -> None:
        """Observe a completed request."""
        duration = request.duration_seconds
        key = request.method_label, request.route, request.status
        series = self._series.get(key) or self._series_of(key)
        route, bucket = series.route, series.buckets[bisect_left(self._bounds, duration)]
        exemplar = None
        if request.sampled and request.trace_id:
            # The constructor of a named tuple is Python code; this is what it does.
            exemplar = _new_tuple(
                Exemplar, ({EXEMPLAR_TRACE_ID: request.trace_id}, duration, time.time())
            )
        self._acquire()
        try:
            series.active._value -= 1.0
            series.sum._value += duration
            bucket._value += 1.0
            if exemplar is not None:
                bucket._exemplar = exemplar
            phases = route.phases
            for phase, seconds in request.phase_seconds.items():
                if seconds < 0:
                    raise ValueError(f"phase {phase} took {seconds} s")
                (phases.get(phase) or route.begin_phase(phase))._value += seconds
            if request.response_bytes:
                (route.size or route.begin_size())._value += request.response_bytes
        finally:
            self._release()
        outcome, status = request.outcome, request.status
        if outcome in ABORTED or (outcome == "failed" and (status is None or status < 500)):
            label = UNKNOWN_STATUS if status is None else str(status)
            self._aborted[request.route, outcome, label].inc()

    def _series_of(self, key: tuple[str, str, int | None]) -> "_Series":
        method, route, status = key
        child = self._duration.labels(method, route, UNKNOWN_STATUS if status is None else status)
        active = self._active.get(method) or self._active_of(method)
        return self._series.setdefault(key, _Series(child, self._route_of(route), active))

    def _route_of(self, route: str) -> "_Route":
        return self._routes.setdefault(route, _Route(route, self._phase, self._size))

    def _active_of(self, method: str) -> MutexValue:
        return self._active.setdefault(method, _value_of(self._gauge.labels(method)))


class _Series:
    """The values of one method, route and status."""

    __slots__ = ("active", "buckets", "route", "sum")

    def __init__(self, child: Histogram, route: "_Route", active: MutexValue) -> None:
        self.buckets: list[MutexValue] = child._buckets
        self.sum: MutexValue = child._sum
        self.route = route
        self.active = active


class _Route:
    """The values of one route; a series begins with the first value of its own."""

    def __init__(self, route: str, phase: Counter, size: Counter) -> None:
        self.phases: dict[Phase, MutexValue] = {}
        self._route = route
        self._phases = phase
        self._sizes = size
        self.size: MutexValue | None = None
        """Bytes of responses."""

    def begin_phase(self, phase: Phase) -> MutexValue:
        """Begin the series of a phase."""
        value = _value_of(self._phases.labels(self._route, phase))
        return self.phases.setdefault(phase, value)

    def begin_size(self) -> MutexValue:
        """Begin the series of bytes."""
        self.size = found = _value_of(self._sizes.labels(self._route))
        return found


def _value_of(child: Counter | Gauge) -> MutexValue:
    return cast(MutexValue, child._value)
