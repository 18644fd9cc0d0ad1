"""What a record holds of its server span while the request is in flight."""

from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.trace import Span

from telemetry.tracing.local_trace import LocalTrace


@dataclass(slots=True, eq=False)
class OpenRequest:
    """A server span that has begun, and the trace that is decided at the request's end.

    Args:
        trace: Of the request; that of the outer one for a request within another one's trace.
        span: Recording or not; ``None`` before something has made it.
        before: The context of the serving greenlet before it.
        protocol: Of the request, such as ``HTTP/1.1``.
        nested: The outer request decides.
    """

    trace: LocalTrace
    span: Span | None
    before: Context
    protocol: str = ""
    nested: bool = False
