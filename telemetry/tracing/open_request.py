"""What a record holds while its request is in flight, where it is not our own server span."""

from opentelemetry.context import Context
from opentelemetry.trace import Span

from telemetry.requests.record import RequestRecord
from telemetry.tracing.local_trace import LocalTrace
from telemetry.tracing.server_span import ServerSpan


class OpenRequest:
    """A request whose span something else makes, or that has none that records.

    Args:
        trace: See ``ServerSpan``.
        span: Of the request; ``None`` before something has made it.
        before: The context of the serving greenlet before it.
        nested: The outer request decides.
    """

    def __init__(
        self, trace: LocalTrace, span: Span | None, before: Context, *, nested: bool = False
    ) -> None:
        self.trace = trace
        self.span = span
        self.before = before
        self.nested = nested


def trace_of(record: RequestRecord | None) -> LocalTrace | None:
    """The trace of a request in flight; ``None`` outside of one."""
    opened = record.server_span if record is not None else None
    return opened.trace if isinstance(opened, (ServerSpan, OpenRequest)) else None
