"""The spans of one request in this process, or of one root outside of requests.

It is decided as a whole: ended spans are held until then, or are passed on early where the head
decision has kept them and memory is short.
"""

from collections import deque
from functools import lru_cache
from random import getrandbits
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
        "_random",
        "bytes",
        "head",
        "held",
        "missing",
        "outlet",
        "root_id",
        "trace_id",
        "values",
        "verdict",
    )

    def __init__(
        self, outlet: "Outlet", trace_id: int, head: HeadDecision, random: bool, root_id: int = 0
    ) -> None:
        self.outlet = outlet
        self.values = outlet.values
        self.trace_id = trace_id
        self.head = head
        self._random = 2 if random else 0
        self.verdict: Verdict | None = None
        self.root_id = root_id
        self.held: deque[Span] | None = None
        self.bytes = 0
        self.missing = 0

    def __del__(self) -> None:
        # One that was never decided, such as that of a span that nothing ends.
        if self.bytes:
            self.outlet.release(self)

    def new_span_id(self) -> int:
        """64 random bits, never zero.

        Python's shared generator is enough (ids are no secrets) and is seeded anew in a fork.
        """
        return getrandbits(64) or 1

    @property
    def flags(self) -> TraceFlags:
        """W3C trace flags: sampled is what is decided at this moment."""
        sampled = self.head.kept if self.verdict is None else self.verdict.kept
        return _FLAGS[self._random | sampled]

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
