"""What is known of the request that the current greenlet serves.

One ``RequestRecord`` a request, found through one ContextVar. Layers below (database listener,
outgoing HTTP) add their waits to the record they find; they never look further up. The record only
holds facts: it measures nothing and sends nothing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal

from telemetry.names import UNMATCHED_ROUTE, Phase

Outcome = Literal["completed", "client_disconnected", "killed", "timeout", "failed", "rejected"]

ABORTED: Final = frozenset({"client_disconnected", "killed", "timeout"})
"""Outcomes of a response that was cut short."""


@dataclass(slots=True, eq=False)
class RequestRecord:
    """One request, from its first byte in to its last byte out.

    Args:
        request_id: UUID v4, as the client sees it in ``X-Request-ID``.
        trace_id: 32 hex digits; the request id without dashes unless a ``traceparent`` brought
            another.
        method: As received; sinks use ``method_label``.
        path: As received, decoded and redacted; never a label. So are ``query``, ``user_agent``,
            ``host`` and a method that is not known.
        started_unix_ns: Wall clock at arrival, nanoseconds.
        started_ns: ``perf_counter_ns`` at arrival.
        span_id: 16 hex digits of the server span.
        parent_span_id: 16 hex digits of the remote parent, or empty.
        parent_random: The caller says that the low 56 bits of the trace id are random (W3C Trace
            Context, level 2); passed on as it is.
        sampled: The trace is kept; only then may an exemplar name it.
        server_span: What the source of the server span keeps of it while it is open; opaque to all
            others.
        route: URL rule such as ``/api/v1/blog/posts/<slug>``.
        status: Status code sent, or ``None`` when no response had begun.
        response_bytes: Bytes of body handed to the server.
        duration_seconds: Arrival to last byte; 0 until completed.
        waits: Seconds spent, by phase; only what has been observed.
        under_way: Waits that have begun and not ended: phase, and ``perf_counter_ns`` then.
        running_ns: How long its greenlets have run so far.
        error_type: Class name of the exception that ended the request, or empty.
        outcome: How it ended; ``None`` while in flight.
        greenlet: The greenlet that serves it, for stacks of overdue requests.
        slow_after_seconds: From this duration on it is slow; the settings', unless its route has
            its own.
        kept_out: See ``keep_out``.
        dominant_phase: The phase that took most of a slow request; empty for one that was not slow,
            or is not completed.
    """

    request_id: str
    trace_id: str
    method: str
    method_label: str
    path: str
    query: str
    scheme: str
    host: str
    client_address: str
    user_agent: str
    started_unix_ns: int
    started_ns: int
    parent_trace_state: str = ""
    parent_span_id: str = ""
    parent_sampled: bool | None = None
    parent_random: bool = False
    span_id: str = ""
    sampled: bool = False
    server_span: object = None
    route: str = UNMATCHED_ROUTE
    status: int | None = None
    response_bytes: int = 0
    duration_seconds: float = 0.0
    waits: dict[Phase, float] = field(default_factory=dict)
    under_way: list[tuple[Phase, int]] = field(default_factory=list)
    running_ns: int = 0
    error_type: str = ""
    outcome: Outcome | None = None
    greenlet: object = None
    slow_after_seconds: float = 0.0
    dominant_phase: Phase | Literal[""] = ""
    kept_out: tuple[str | bytes, ...] = ()

    def keep_out(self, *texts: str | bytes) -> None:
        """Keep what the request brought out of the log lines that quote an exception's text, while
        it is in flight.

        Args:
            texts: Values as they came; bytes are a body, of which each text in its JSON is kept
                out.
        """
        self.kept_out += texts

    def add_wait(self, phase: Phase, seconds: float) -> None:
        """Add time spent in a phase.

        Args:
            phase: What was waited for, or ``cpu``.
            seconds: How long; parallel greenlets of one request add up.
        """
        self.waits[phase] = self.waits.get(phase, 0.0) + seconds

    def waits_until(self, now_ns: int) -> dict[Phase, float]:
        """The waits so far, and what has passed of those that are under way: a streamed response
        begins in the middle of one.

        Args:
            now_ns: ``perf_counter_ns``.
        """
        waits = dict(self.waits)
        for phase, began_ns in self.under_way:
            waits[phase] = waits.get(phase, 0.0) + max(0, now_ns - began_ns) / 1e9
        return waits


_current: ContextVar[RequestRecord | None] = ContextVar("telemetry_request", default=None)


def current_record() -> RequestRecord | None:
    """The record of the request that this greenlet serves, or ``None`` outside of a request."""
    return _current.get()


def set_current_record(record: RequestRecord | None) -> None:
    """Make ``record`` the one that this greenlet, and what it spawns with its context, sees."""
    _current.set(record)


class Wait:
    """A wait that is under way.

    Args:
        began_ns: ``perf_counter_ns``.
    """

    __slots__ = ("began_ns", "took_ns")

    def __init__(self, began_ns: int) -> None:
        self.began_ns = began_ns
        self.took_ns = 0


@contextmanager
def waiting(phase: Phase) -> Iterator[Wait]:
    """Around a wait of the current request; outside of one it is only measured.

    Args:
        phase: What is waited for. Waits of MongoDB and of outgoing calls account for themselves;
            ``threadpool`` is for what an application does in the hub's threadpool.

    Yields:
        The wait, which says afterwards how many nanoseconds it took.
    """
    record, wait = current_record(), Wait(time.perf_counter_ns())
    under_way = (phase, wait.began_ns)
    if record is not None:
        record.under_way.append(under_way)
    try:
        yield wait
    finally:
        wait.took_ns = time.perf_counter_ns() - wait.began_ns
        # The record of a request that has ended holds none: its end took them in.
        if record is not None and under_way in record.under_way:
            record.under_way.remove(under_way)
            record.add_wait(phase, wait.took_ns / 1e9)
