"""A keeper with a clock of its own, for tests of what is kept."""

from collections import Counter

from telemetry.config import TelemetryConfig
from telemetry.tracing.keeping import Keeper

IN_RATIO = 2**128 - 1
OUT_OF_RATIO = 0x1234 << 64
CUT = ("client_disconnected", "client_too_slow", "killed", "timeout")


class Kept:
    """A keeper with a clock of its own, and what its budgets left out."""

    def __init__(self, **settings):
        self.now = 0.0
        self.left_out = Counter()
        self.keeper = Keeper(
            TelemetryConfig(**{"sample_ratio": 0.5, **settings}), self._count, lambda: self.now
        )

    def _count(self, reason, spans):
        self.left_out[reason] += spans

    def head(self, trace_id=OUT_OF_RATIO, sampled=None, state="", **more):
        return self.keeper.head(trace_id, sampled, state, **more)

    def end(self, head=None, spans=1, route="/", outcome="completed", failed=False, slow=False):
        head = self.head() if head is None else head
        return self.keeper.end(head, OUT_OF_RATIO, spans, route, outcome, failed, slow)
