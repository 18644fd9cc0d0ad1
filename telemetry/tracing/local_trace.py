"""The spans of one request in this process, or of one root outside of requests.

It is decided as a whole: ended spans are held until then, or are passed on early where the head
decision has kept them and memory is short.
"""

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from opentelemetry.trace import SpanContext, TraceFlags, TraceState

from telemetry.requests.tracestate import parse_tracestate
from telemetry.tracing.decision import HeadDecision, Verdict

if TYPE_CHECKING:
    from telemetry.tracing.outlet import Outlet
    from telemetry.tracing.span import Span

_FLAGS: Final = tuple(TraceFlags(bits) for bits in range(4))
FIRST_SPAN: Final = -1
"""In the place of the id of the root: the next span that is made."""

EMPTY_STATE: Final = TraceState()


@lru_cache(maxsize=256)
def state_of(text: str) -> TraceState:
    """A header ``tracestate`` as the API has it; callers' states may differ in each request."""
    return parse_tracestate(text)


class Held(deque["Span"]):
    """Ended spans of an undecided trace, accounted for as long as they are held.

    Args:
        outlet: Accounts for them.
    """

    def __init__(self, outlet: "Outlet") -> None:
        super().__init__()
        self._outlet = outlet
        self._bytes = 0

    def add(self, span: "Span", size: int) -> None:
        """Hold a span of about so many bytes."""
        self.append(span)
        self._bytes += size
        self._outlet.held_bytes += size

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return self._bytes

    def drain(self) -> list["Span"]:
        """Take all out; what other threads add meanwhile too."""
        spans: list[Span] = []
        while self:
            spans.append(self.popleft())
        self._release()
        return spans

    def _release(self) -> None:
        held, self._bytes = self._bytes, 0
        self._outlet.held_bytes -= held

    def __del__(self) -> None:
        # Of a trace that was never decided, such as that of a span that nothing ends.
        self._release()


class LocalTrace:
    """One trace, as far as it happens here.

    Args:
        outlet: Where its spans go.
        trace_id: 128 bits.
        head: The decision at its start.
        random: The low 56 bits of the trace id are random (W3C Trace Context, level 2).
        root_id: The span whose end decides; 0 where the end of a request does.
    """

    __slots__ = (
        "head",
        "held",
        "missing",
        "outlet",
        "random_flag",
        "root_id",
        "trace_id",
        "verdict",
    )

    def __init__(
        self, outlet: "Outlet", trace_id: int, head: HeadDecision, random: bool, root_id: int = 0
    ) -> None:
        self.outlet = outlet
        self.trace_id = trace_id
        self.head = head
        self.random_flag = 2 if random else 0
        self.root_id = root_id
        self.verdict: Verdict | None = None
        self.held: Held | None = None
        self.missing = 0

    @property
    def flags(self) -> TraceFlags:
        """W3C trace flags: sampled is what is decided at this moment."""
        sampled = self.head.kept if self.verdict is None else self.verdict.kept
        return _FLAGS[self.random_flag | sampled]

    @property
    def trace_state(self) -> str:
        """The header ``tracestate`` of its contexts at this moment."""
        return self.head.trace_state if self.verdict is None else self.verdict.trace_state

    def context_of(self, span_id: int) -> SpanContext:
        """The context of one of its spans."""
        text = self.trace_state
        state = state_of(text) if text else EMPTY_STATE
        return SpanContext(self.trace_id, span_id, False, self.flags, state)

    def take_ended(self, span: "Span") -> None:
        """Take a span that has ended."""
        self.outlet.place.call(self.outlet.take_ended, span)
