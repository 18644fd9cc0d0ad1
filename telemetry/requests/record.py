"""The record of the request that the current greenlet serves.

One ``RequestRecord`` per request, found through one ContextVar. Layers below (database listeners,
calls to other services) add the time of their phases to the record they find; they search no
further. A record only holds facts: it measures nothing and sends nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from telemetry.names import UNMATCHED_ROUTE, Phase
from telemetry.requests.open_waits import OpenWait, TimeLine
from telemetry.requests.phase_account import PhaseAccount

if TYPE_CHECKING:
    # The arbiter imports this module, and nothing that has to be patched first.
    from opentelemetry.util.types import AttributeValue
    from prometheus_client import Histogram

Outcome = Literal[
    "completed",
    "client_disconnected",
    "client_too_slow",
    "killed",
    "timeout",
    "failed",
    "rejected",
]

CUT_BY_CLIENT: Final = frozenset({"client_disconnected", "client_too_slow"})
"""Outcomes of a response that was cut short, and not by the server's fault."""

ABORTED: Final = CUT_BY_CLIENT | {"killed", "timeout"}
"""Outcomes of a response that was cut short."""

FAILED: Final = frozenset({"failed", "killed", "timeout"})
"""Outcomes that are the server's fault."""

MOST_EVENTS: Final = 64


class RequestEvent(NamedTuple):
    """What happened to a request at one instant.

    Args:
        name: One of ``telemetry.names``.
        unix_ns: Wall clock, nanoseconds.
        attributes: Redacted.
    """

    name: str
    unix_ns: int
    attributes: "Mapping[str, AttributeValue]"


@dataclass(slots=True, eq=False)
class RequestRecord(PhaseAccount):
    """One request, from its first byte in to its last byte out.

    Args:
        request_id: UUID v4, as the client gets it in ``X-Request-ID``.
        trace_id: 32 hex digits; the request id without dashes unless a ``traceparent`` brought
            another.
        method: As received; sinks use ``method_label``.
        path: As received, decoded and redacted; never a label. So are ``query``, ``user_agent``,
            ``host`` and an unknown method.
        client_address: Of the nearest peer that is not a trusted proxy.
        peer_address: Of the other end of the connection; ``unix`` for a Unix socket.
        correlation_ids: What a trusted proxy calls the request, beside the request id; redacted.
        started_unix_ns: Wall clock at arrival, nanoseconds.
        started_ns: ``perf_counter_ns`` at arrival.
        span_id: 16 hex digits of the server span.
        parent_span_id: 16 hex digits of the remote parent, or empty.
        parent_baggage: The caller's header ``baggage`` where it is passed on, or empty.
        parent_random: The caller declares the low 56 bits of the trace id random (W3C Trace
            Context, level 2); passed on unchanged.
        debug_trace: Name of the header by which a trusted proxy wants the request traced, or empty.
        sampled: The trace is kept; only then may an exemplar name it.
        server_span: State of the open server span; only the source of the span reads it.
        route: URL rule such as ``/posts/<slug>``.
        status: Status code sent, or ``None`` before a response has begun.
        response_bytes: Bytes of body handed to the server.
        ended_ns: ``perf_counter_ns`` at the last byte; 0 until completed.
        duration_seconds: From ``started_ns`` to ``ended_ns``; 0 until completed.
        phase_seconds: Seconds by phase. Before ``Recorder.begin`` only what is known of the time
            before it; while the request is in flight ``phase_seconds_until`` has them. Completed,
            they are disjoint, above 0, and add up to the duration.
        named_later: Seconds by phase of waits that were named only when they had passed.
        parallel_seconds: Seconds by phase of greenlets that it spawned; the wall time that it
            waited for them is in ``phase_seconds``.
        unnamed_waits: Seconds of ``other`` by the function that waited, as ``module:function``.
        unnamed_ns: Nanoseconds of ``phase_seconds`` that only the hub named; ``named_later`` may
            name them otherwise.
        open_waits: Waits that have begun and not ended, in that order; of all its greenlets.
        longest_wait: Of those that have ended; its subject is what took most.
        time_line: Of the greenlet that serves it, where the hub is instrumented.
        error_type: Class name of the exception that ended the request, or empty.
        refusal: Why the service refused the request, in one word of few; empty for others.
        outcome: How the request ended; ``None`` while in flight.
        greenlet: The greenlet that serves it, for stacks of overdue requests.
        slow_after_seconds: Duration from which on the request is slow: the setting, or the
            threshold of its route.
        redacted_values: Client values to remove from texts that may quote them; see
            ``redact_values``.
        events: What happened to it at one instant; events of its span. ``add_event`` adds one.
        notes: What the flight recorder keeps of it; only that reads it.
        observed: Values that wait for its end, each with its histogram; see ``observations``.
        outer: The request in flight that made this one in the same process.
        accounted_ns: Until when its waits are in ``phase_seconds``, without a time line.
        began_ns: ``perf_counter_ns`` at which the application began, of a completed request whose
            phases are ``queue`` until then and ``cpu`` since, and nothing else; 0 for others.
        in_app: Code of the app runs for it at this moment, or waits; only then can it make another
            one. A response that a client inside the process holds open makes none.
        has_nested: It has made such requests; one of their responses may become its own.
        dominant_phase: The phase that took most of a slow request; empty for others and before
            completion.
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
    peer_address: str = ""
    phase_seconds: dict[Phase, float] = field(default_factory=dict)
    open_waits: list[OpenWait] = field(default_factory=list)
    slow_after_seconds: float = 0.0
    correlation_ids: tuple[str, ...] = ()
    parent_trace_state: str = ""
    parent_baggage: str = ""
    parent_span_id: str = ""
    parent_sampled: bool | None = None
    parent_random: bool = False
    debug_trace: str = ""
    span_id: str = ""
    sampled: bool = False
    server_span: object = None
    route: str = UNMATCHED_ROUTE
    status: int | None = None
    response_bytes: int = 0
    ended_ns: int = 0
    duration_seconds: float = 0.0
    named_later: dict[Phase, float] | None = None
    parallel_seconds: Mapping[Phase, float] | None = None
    unnamed_waits: dict[str, float] | None = None
    unnamed_ns: dict[Phase, int] | None = None
    time_line: TimeLine | None = None
    error_type: str = ""
    refusal: str = ""
    outcome: Outcome | None = None
    greenlet: object = None
    dominant_phase: Phase | Literal[""] = ""
    redacted_values: tuple[str | bytes, ...] = ()
    outer: "RequestRecord | None" = None
    has_nested: bool = False
    in_app: bool = False
    events: tuple["RequestEvent", ...] = ()
    accounted_ns: int = 0
    longest_wait: OpenWait | None = None
    notes: object = None
    began_ns: int = 0
    observed: "list[tuple[Histogram, float]] | None" = None

    def nest_in(self, outer: "RequestRecord") -> None:
        """Make this a request that another one makes in the same process.

        It belongs to the trace of the outer one, unless a ``traceparent`` came with it.

        Args:
            outer: In flight.
        """
        self.outer = outer
        outer.has_nested = True
        if not self.parent_span_id and outer.span_id:
            self.trace_id = outer.trace_id
            self.parent_span_id = outer.span_id
            self.parent_sampled = outer.sampled

    def redact_values(self, *values: str | bytes) -> None:
        """Remove client values from the log lines of this request while it is in flight.

        Args:
            values: As received; bytes are a body, and each text in its JSON is removed.
        """
        self.redacted_values += values

    def add_event(
        self, name: str, attributes: "Mapping[str, AttributeValue]", unix_ns: int | None = None
    ) -> None:
        """Add an event; those beyond ``MOST_EVENTS`` are left out.

        Args:
            name: One of ``telemetry.names``.
            attributes: Redacted, by the semantic conventions where they have a name.
            unix_ns: Wall clock, nanoseconds; now when not given.
        """
        if len(self.events) < MOST_EVENTS:
            at = time.time_ns() if unix_ns is None else unix_ns
            self.events += (RequestEvent(name, at, attributes),)


_current: ContextVar[RequestRecord | None] = ContextVar("telemetry_request", default=None)


current_record: Final = _current.get
"""Returns the record of the request that this greenlet serves; ``None`` outside of a request."""

set_current_record: Final[Callable[[RequestRecord | None], object]] = _current.set
"""Makes a record current for this greenlet and for greenlets spawned with its context."""


class Wait:
    """A measured wait.

    Args:
        began_ns: ``perf_counter_ns``.
    """

    __slots__ = ("began_ns", "took_ns")

    def __init__(self, began_ns: int) -> None:
        self.began_ns = began_ns
        self.took_ns = 0


@contextmanager
def waiting(phase: Phase, subject: object = "") -> Iterator[Wait]:
    """Account a block as a wait of the current request; outside of one it is only measured.

    Args:
        phase: What the block waits for. MongoDB commands and calls through ``http_client`` are
            accounted already; ``threadpool`` is for work in the hub's threadpool.
        subject: Its text describes what exactly, redacted; made only when someone reads it.

    Yields:
        The wait; ``took_ns`` is its duration in nanoseconds once the block has ended.
    """
    record = current_record()
    open_wait = record.begin_wait(phase, subject) if record is not None else None
    wait = Wait(open_wait.began_ns if open_wait is not None else time.perf_counter_ns())
    try:
        yield wait
    finally:
        if record is not None and open_wait is not None:
            wait.took_ns = record.end_wait(open_wait)
        else:
            wait.took_ns = time.perf_counter_ns() - wait.began_ns
