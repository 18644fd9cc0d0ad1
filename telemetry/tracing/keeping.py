"""Decides which traces are kept: at their start by a ratio, at their end by what happened.

The decision at the start is what other services are sent, and it is never taken back. At the end a
trace that it does not keep is kept after all where the request failed, was cut short or was slow,
within a budget that routes and reasons share fairly. A caller's "no" holds for the ratio only.

Nothing here knows spans: only ids, header texts and facts of the end.

Source: OpenTelemetry specification, "Built-in samplers" and "TraceState: Probability Sampling".
"""

import time
from collections.abc import Callable
from typing import Final, cast

from telemetry.config import TelemetryConfig
from telemetry.requests.record import ABORTED
from telemetry.requests.tracestate import header_of
from telemetry.tracing.decision import Decision, HeadDecision, Verdict
from telemetry.tracing.fair_budget import FairBudget
from telemetry.tracing.probability import (
    RANDOM_MASK,
    REJECTS_ALL,
    read_sent,
    threshold_of,
    with_threshold,
)
from telemetry.tracing.token_bucket import TokenBucket

FIXED_RATIOS: Final = {
    "always_on": 1.0,
    "always_off": 0.0,
    "parentbased_always_on": 1.0,
    "parentbased_always_off": 0.0,
}
"""Share of new traces that the samplers without an argument keep."""

HEAD_DECISIONS: Final = ("ratio", "caller", "debug")
"""Why a trace is kept from its start."""

OVER_BUDGET_REASONS: Final = ("caller", "failed", "slow", *sorted(ABORTED))
"""Why a trace would have been kept that a budget left out; ``caller`` is a sampled flag, or a debug
header.
"""

OverBudget = Callable[[str, int], object]


class Keeper:
    """Decides which local traces are kept; see ``Keeping``.

    Args:
        config: The sampler, its ratio, and the budgets.
        on_over_budget: Called with the reason and the number of spans where a budget left a trace
            out.
        clock: Monotonic seconds, for the budgets.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        on_over_budget: OverBudget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._off = config.sampler == "always_off"
        self._parent_based = config.sampler.startswith("parentbased_")
        self._rescues = config.keep_failed_and_slow and not self._off
        self._threshold = threshold_of(FIXED_RATIOS.get(config.sampler, config.sample_ratio))
        self._callers = TokenBucket(config.parent_sampled_per_second, clock)
        # A client's flags must not use up what an operator needs.
        self._debuggers = TokenBucket(config.parent_sampled_per_second, clock)
        self._budget = FairBudget(config.kept_spans_per_second, clock)
        self._on_over_budget = on_over_budget
        # The usual heads and verdicts are made once.
        own = self._threshold if self._threshold < REJECTS_ALL else None
        self._in_ratio = HeadDecision(True, "ratio", header_of(with_threshold({}, own)))
        self._not_in_ratio = HeadDecision(False, "not_kept", "", self._rescues)
        # The probability of what a parent sampled is the parent's, which has sent none.
        self._follows_in_ratio = HeadDecision(True, "ratio")
        self._follows = HeadDecision(True, "caller")
        self._over_budget = HeadDecision(False, "over_budget", "", self._rescues)
        self._kept_by_ratio = Verdict(True, "ratio", self._in_ratio.trace_state)
        self._not_kept = Verdict(False, "not_kept")
        self._all_kept = header_of(with_threshold({}, 0))

    def head(
        self,
        trace_id: int,
        parent_sampled: bool | None,
        trace_state: str,
        *,
        remote: bool = True,
        debug: str = "",
    ) -> HeadDecision:
        """Decide at the start; see ``Keeping``."""
        if parent_sampled is None and not trace_state and not debug:
            in_ratio = trace_id & RANDOM_MASK >= self._threshold
            return self._in_ratio if in_ratio else self._not_in_ratio
        if not trace_state and not debug:
            found = self._usual_head(trace_id & RANDOM_MASK, parent_sampled, remote=remote)
        else:
            found = self._head_of(trace_id, parent_sampled, trace_state, remote=remote, debug=debug)
        if found.decision == "over_budget" and not found.records:
            self._on_over_budget("caller", 1)  # without an end it is counted here
        return found

    def _head_of(
        self,
        trace_id: int,
        parent_sampled: bool | None,
        trace_state: str,
        *,
        remote: bool,
        debug: str,
    ) -> HeadDecision:
        sent = read_sent(trace_state)
        decision, threshold = self._decide(
            trace_id & RANDOM_MASK if sent.randomness is None else sent.randomness,
            parent_sampled,
            sent.threshold,
            remote=remote,
            debug=debug,
        )
        kept = decision in HEAD_DECISIONS
        header = sent.header
        if decision != "not_kept" or not self._parent_based:
            header = header_of(with_threshold(sent.members, threshold))
        return HeadDecision(kept, decision, header, kept or self._rescues)

    def _usual_head(
        self, randomness: int, parent_sampled: bool | None, *, remote: bool
    ) -> HeadDecision:
        """Decide without a ``tracestate``: nothing has to be made."""
        in_ratio = randomness >= self._threshold
        if parent_sampled is None or not self._parent_based:
            return self._in_ratio if in_ratio else self._not_in_ratio
        if not parent_sampled:
            return self._not_in_ratio
        if in_ratio:
            return self._follows_in_ratio
        return self._follows if not remote or self._callers.take() else self._over_budget

    def _decide(
        self,
        randomness: int,
        parent_sampled: bool | None,
        sent: int | None,
        *,
        remote: bool,
        debug: str,
    ) -> tuple[Decision, int | None]:
        """Return the decision, and the threshold by which such traces are kept, where known.

        Args:
            randomness: 56 bits.
            parent_sampled: See ``head``.
            sent: The threshold in the `tracestate` of the parent.
            remote: See ``head``.
            debug: See ``head``.
        """
        if self._off:
            return "not_kept", None
        if debug and self._debuggers.take():
            return "debug", None if self._debuggers.refused_lately() else 0
        in_ratio = randomness >= self._threshold
        if parent_sampled and self._parent_based:
            consistent = sent is not None and randomness >= sent
            return self._follow(in_ratio, sent if consistent else None, remote=remote)
        if in_ratio and (parent_sampled is None or not self._parent_based):
            return "ratio", self._threshold
        return "over_budget" if debug else "not_kept", None

    def _follow(
        self, in_ratio: bool, sent: int | None, *, remote: bool
    ) -> tuple[Decision, int | None]:
        """Follow a parent that is sampled; another process's within the budget."""
        # It is spent only on traces that the ratio does not keep.
        if not in_ratio and remote and not self._callers.take():
            return "over_budget", None
        if remote and self._callers.refused_lately():
            sent = max(sent, self._threshold) if in_ratio and sent is not None else None
        return "ratio" if in_ratio else "caller", sent

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
        """Decide at the end; see ``Keeping``."""
        if head is self._in_ratio and outcome == "completed" and not failed and not slow:
            return self._kept_by_ratio
        if self._rescues and (failed or slow or outcome in ABORTED):
            reason = outcome if outcome in ABORTED else "failed" if failed else "slow"
            return self._end_of_notable(head, spans, (route, reason))
        if head is self._in_ratio:
            return self._kept_by_ratio
        if head.kept:
            return Verdict(True, head.decision, head.trace_state)
        if head.decision == "not_kept":
            return self._not_kept
        self._on_over_budget("caller", spans)
        return Verdict(False, "over_budget")

    def _end_of_notable(self, head: HeadDecision, spans: int, key: tuple[str, str]) -> Verdict:
        decision = head.decision
        if not head.kept:
            if not self._budget.take(key, spans):
                self._on_over_budget(key[1], spans)
                return Verdict(False, "over_budget")
            decision = cast(Decision, key[1])
        # All traces of this kind are kept, unless the budget has left some out.
        threshold = None if self._budget.refused_lately(key) else 0
        return Verdict(True, decision, self._state_with(head.trace_state, threshold))

    def _state_with(self, trace_state: str, threshold: int | None) -> str:
        if not trace_state or trace_state == self._in_ratio.trace_state:
            return self._all_kept if threshold == 0 else ""
        return header_of(with_threshold(read_sent(trace_state).members, threshold))
