"""Decides which traces are kept, by OpenTelemetry's samplers.

A trace that begins here is kept by a ratio of its id. Under the parent-based samplers a child
follows its parent, and a trace that a caller has sampled is kept within a budget, so that no caller
can make the service record everything. Each decision is counted.
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
from telemetry.tracing.keeping import FIXED_RATIOS
from telemetry.tracing.probability import RANDOM_BITS, RANDOM_MASK
from telemetry.tracing.token_bucket import TokenBucket

_SAMPLED: Final = 1

DECISIONS: Final = ("sampled", "not_sampled", "over_budget")
"""Values of the label ``decision``; ``over_budget`` is a caller's sampled flag that neither the
budget nor the ratio honoured.
"""

ROOT_NAMES: Final = {"always_on": "AlwaysOnSampler", "always_off": "AlwaysOffSampler"}


class RatioSampler(Sampler):
    """OpenTelemetry's samplers, with a ratio that works on trace ids made from UUIDs.

    The SDK's own ratio uses the low 64 bits, whose first two are the same in every version 4 UUID;
    this one uses the low 56, and keeps those at or above the threshold as OpenTelemetry's
    consistent probability sampling does, so that a Collector's sampler after it keeps a subset.

    Args:
        config: The sampler, its ratio, and the budget for callers' sampled flags.
        spans: Counts spans by decision.
        clock: Monotonic seconds, for the budget.

    Source: OpenTelemetry specification, "Built-in samplers" and "TraceState: Probability Sampling";
    W3C Trace Context, level 2, section 3.2.2.5.
    """

    def __init__(
        self, config: TelemetryConfig, spans: Counter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = config.sampler
        self._parent_based = config.sampler.startswith("parentbased_")
        self._ratio = FIXED_RATIOS.get(config.sampler, config.sample_ratio)
        self._threshold = round((1.0 - self._ratio) * (1 << RANDOM_BITS))
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
        in_ratio = trace_id & RANDOM_MASK >= self._threshold
        if not parent.is_valid or not self._parent_based:
            return "sampled" if in_ratio else "not_sampled"
        if not parent.trace_flags & _SAMPLED:
            return "not_sampled"
        # The budget is spent only on traces that the ratio does not keep.
        if not parent.is_remote or in_ratio or self._budget.take():
            return "sampled"
        return "over_budget"

    def get_description(self) -> str:
        """Name of the sampler, as the specification writes it."""
        root = ROOT_NAMES.get(self._name.removeprefix("parentbased_"), "TraceIdRatioBased{%s}")
        root = root.replace("%s", str(self._ratio))
        return f"ParentBased{{root:{root}}}" if self._parent_based else root
