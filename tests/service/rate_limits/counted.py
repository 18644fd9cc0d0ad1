"""Counters on one Redis with a clock of the test's own, and the lines that they log."""

from limits import parse

from service.rate_limits.fallback import MOST_RETRY_FACTOR, CountersWithFallback
from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.redis_counters import RedisCounters
from service.rate_limits.redis_failures import REASONS
from tests.clock import Clock
from tests.machine import PATIENCE_SECONDS

ITEM = parse("1000/minute")
RETRY_SECONDS = 2.0
TIMEOUT_SECONDS = 1.0


class Counted:
    """Counters on one Redis, with a clock of the test's own.

    Args:
        url: Of Redis.
        spans: Telemetry's client spans.
        timeout_seconds: Of each request.
    """

    def __init__(self, url, spans, timeout_seconds=PATIENCE_SECONDS):
        self.clock = Clock(1000.0)
        self.fallbacks = 0
        self.shared = RedisCounters(url, timeout_seconds, spans)
        self.counters = CountersWithFallback(
            MemoryCounters(),
            self.shared,
            retry_seconds=RETRY_SECONDS,
            on_fallback=self._count,
            clock=self.clock,
        )

    def _count(self):
        self.fallbacks += 1

    def hits(self, count=1):
        for number in range(count):
            self.counters.hit(f"read/{number % 3}", ITEM)

    def check(self, count=1):
        for _ in range(count):
            self.clock.now += RETRY_SECONDS * MOST_RETRY_FACTOR
            self.counters.check()


def begins(kind):
    return f"Redis does not count ({kind}: {REASONS[kind]}); each worker counts requests for itself"


ENDS = "Redis counts again; requests are counted there"
