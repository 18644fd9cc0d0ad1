"""Keeps traces by the head decision alone: a ratio, and callers' flags within a budget."""

import time
from collections.abc import Callable

from telemetry.config import TelemetryConfig
from telemetry.tracing.decision import Decision, Head, Verdict
from telemetry.tracing.sampling import FIXED_RATIOS, RANDOM_BITS, TokenBucket


class InterimKeeping:
    """OpenTelemetry's samplers behind ``Keeping``.

    Args:
        config: The sampler, its ratio, and the budget for callers' sampled flags.
        clock: Monotonic seconds, for the budget.
    """

    def __init__(
        self, config: TelemetryConfig, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._parent_based = config.sampler.startswith("parentbased_")
        ratio = FIXED_RATIOS.get(config.sampler, config.sample_ratio)
        self._threshold = round((1.0 - ratio) * (1 << RANDOM_BITS))
        self._budget = TokenBucket(config.parent_sampled_per_second, clock)

    def head(
        self,
        trace_id: int,
        parent_sampled: bool | None,
        trace_state: str,
        *,
        remote: bool = True,
        debug: str = "",
    ) -> Head:
        """See ``Keeping``."""
        decision = self._decide(trace_id, parent_sampled, remote)
        kept = decision in ("ratio", "caller")
        return Head(kept, decision, trace_state, records=kept)

    def _decide(self, trace_id: int, parent_sampled: bool | None, remote: bool) -> Decision:
        in_ratio = trace_id & ((1 << RANDOM_BITS) - 1) >= self._threshold
        if parent_sampled is None or not self._parent_based:
            return "ratio" if in_ratio else "not_kept"
        if not parent_sampled:
            return "not_kept"
        if in_ratio:
            return "ratio"
        return "caller" if not remote or self._budget.take() else "over_budget"

    def end(
        self,
        head: Head,
        trace_id: int,
        spans: int,
        route: str,
        outcome: str,
        failed: bool,
        slow: bool,
    ) -> Verdict:
        """See ``Keeping``."""
        return Verdict(head.kept, head.decision, head.trace_state)
