"""Which traces are kept.

A child follows its parent. A trace that begins here is kept by a ratio of its id, and one that a
caller asks to keep is kept within a budget, so that no caller can make the service record
everything. Each decision is counted.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceState, get_current_span
from opentelemetry.util.types import Attributes
from prometheus_client import Counter

from telemetry.config import TelemetryConfig

RANDOM_BITS: Final = 56
_RANDOM_MASK: Final = (1 << RANDOM_BITS) - 1
_SAMPLED: Final = 1

DECISIONS: Final = ("sampled", "not_sampled", "over_budget")
"""Values of the label ``decision``; ``over_budget`` is a caller's wish that neither the budget nor
the ratio granted.
"""


class TokenBucket:
    """Allows so many events a second, and at most that many at once.

    Args:
        per_second: Refill rate and size of the bucket; 0 allows nothing.
        clock: Monotonic seconds.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._size = max(per_second, 1.0) if per_second > 0 else 0.0
        self._clock = clock
        self._tokens = self._size
        self._refilled = clock()

    def take(self) -> bool:
        """Take one token if there is one."""
        now = self._clock()
        self._tokens = min(self._size, self._tokens + (now - self._refilled) * self._per_second)
        self._refilled = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class RatioSampler(Sampler):
    """Parent-based, with a ratio that works on trace ids made from UUIDs.

    The SDK's own ratio looks at the low 64 bits, whose first two are the same in every version 4
    UUID; this one looks at the low 56, and keeps those at or above the threshold as OpenTelemetry's
    consistent probability sampling does, so that a Collector's sampler after it keeps a subset.

    Args:
        config: The ratio, and the budget for callers' wishes.
        spans: Counts spans by decision.
        clock: Monotonic seconds, for the budget.

    Source: OpenTelemetry specification, "TraceState: Probability Sampling"; W3C Trace Context,
    level 2, section 3.2.2.5.
    """

    def __init__(
        self, config: TelemetryConfig, spans: Counter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ratio = config.sample_ratio
        self._threshold = round((1.0 - config.sample_ratio) * (1 << RANDOM_BITS))
        self._budget = TokenBucket(config.parent_sampled_per_second, clock)
        self._count = {decision: spans.labels(decision).inc for decision in DECISIONS}

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide on one span."""
        parent = get_current_span(parent_context).get_span_context()
        decision = self._decide(parent, trace_id)
        self._count[decision]()
        if decision != "sampled":
            return SamplingResult(Decision.DROP, None, parent.trace_state)
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, parent.trace_state)

    def _decide(self, parent: SpanContext, trace_id: int) -> str:
        in_ratio = trace_id & _RANDOM_MASK >= self._threshold
        if not parent.is_valid:
            return "sampled" if in_ratio else "not_sampled"
        if not parent.trace_flags & _SAMPLED:
            return "not_sampled"
        if (
            not parent.is_remote or in_ratio or self._budget.take()
        ):  # the budget is for what the ratio would not keep
            return "sampled"
        return "over_budget"

    def get_description(self) -> str:
        """As the SDK's samplers describe themselves."""
        return f"ParentBased{{root:TraceIdRatio56{{{self._ratio}}}}}"
