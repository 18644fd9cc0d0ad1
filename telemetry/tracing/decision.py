"""What is decided about a trace in this process: at its start, and when it has ended.

A local trace is one request, or one root outside of requests, with everything below it. The head
decision is what other services are sent; the verdict is whether the spans are delivered. Who
decides is behind the protocol ``Keeping``; everything here is plain data.

Source: OpenTelemetry specification, "TraceState: Probability Sampling".
"""

from typing import Final, Literal, NamedTuple, Protocol, get_args

Decision = Literal[
    "ratio",
    "caller",
    "debug",
    "failed",
    "slow",
    "client_disconnected",
    "client_too_slow",
    "killed",
    "timeout",
    "not_kept",
    "over_budget",
    "memory",
]
"""Why spans are kept, or not: the label ``decision`` of the counter of spans."""

DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)


class HeadDecision(NamedTuple):
    """The decision at the start of a local trace; it is never taken back.

    Args:
        kept: The spans will be kept whatever happens: the sampled flag that is sent downstream.
        decision: Why they are; without effect where they are not.
        trace_state: The header ``tracestate`` that contexts of this trace carry until its end.
        records: Spans may still be kept at the end. False under samplers that keep nothing: spans
            then record nothing.
    """

    kept: bool
    decision: Decision
    trace_state: str = ""
    records: bool = True


class Verdict(NamedTuple):
    """The decision when a local trace has ended.

    Args:
        kept: Its spans are delivered.
        decision: Why, or why not.
        trace_state: The header ``tracestate`` that its delivered spans carry.
    """

    kept: bool
    decision: Decision
    trace_state: str = ""


class Keeping(Protocol):
    """Decides which local traces are kept. Called in greenlets and native threads; never waits."""

    def head(
        self,
        trace_id: int,
        parent_sampled: bool | None,
        trace_state: str,
        *,
        remote: bool = True,
        debug: str = "",
    ) -> HeadDecision:
        """Decide at the start.

        Args:
            trace_id: 128 bits.
            parent_sampled: The sampled flag of the parent; ``None`` without a parent.
            trace_state: The parent's ``tracestate`` as received, or empty.
            remote: The parent is in another process; else a span of another provider in this one.
            debug: Value of the debug header where a trusted proxy sent one.
        """

    def end(
        self,
        head: HeadDecision,
        trace_id: int,
        spans: int,
        route: str,
        outcome: str,
        failed: bool,
        slow: bool,
    ) -> Verdict:
        """Decide at the end; called once for each trace whose head records.

        Args:
            head: Of this trace.
            trace_id: 128 bits.
            spans: How many spans have ended, the root included.
            route: Of the request, or the scope's name of a root outside of requests.
            outcome: See ``RequestRecord.outcome``; ``completed`` outside of requests.
            failed: The status of the root span is an error.
            slow: The request took longer than its route's threshold.
        """
