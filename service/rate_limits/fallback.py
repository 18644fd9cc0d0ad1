"""Counting in Redis while it counts, and in this worker's memory otherwise.

After a failure no request uses Redis until a probe has counted there, as a request does; probes are
made in the background, at growing intervals. The beginning and the end of a failure are logged,
requests are not.
"""

import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

import gevent
from limits import RateLimitItem
from redis import RedisError

from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.redis_failures import REASONS, kind_of
from service.rate_limits.sliding_window import Decision
from telemetry import HealthEvidence

MOST_RETRY_FACTOR: Final = 8
STABLE_FACTOR: Final = 30
"""A failure within so many intervals after the last one goes on with its growing intervals."""

_log = logging.getLogger("service.rate_limits")


class SharedCounters(Protocol):
    """Counters that all servers share."""

    def hit(self, key: str, item: RateLimitItem) -> Decision:
        """Count one request; raises ``RedisError``."""

    def probe(self) -> None:
        """Check that they count; raises ``RedisError``."""

    def close(self) -> None:
        """Close every connection."""


class CountersWithFallback:
    """Counts requests in shared counters or, when they fail, in memory; raises nothing.

    Args:
        memory: Counters of this worker.
        shared: Counters of all servers; ``None`` when there are none.
        retry_seconds: How long ``shared`` is not used after a failure, and the interval of the
            probes; it doubles with each probe that fails, at most ``MOST_RETRY_FACTOR`` times.
        on_fallback: Called for each request that is counted in memory because ``shared`` failed.
        clock: Seconds, from any start.
    """

    def __init__(
        self,
        memory: MemoryCounters,
        shared: SharedCounters | None,
        *,
        retry_seconds: float,
        on_fallback: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._memory = memory
        self._shared = shared
        self._retry_seconds = retry_seconds
        self._on_fallback = on_fallback
        self._clock = clock
        self._failure = ""
        self._retry_at = 0.0
        self._retry_factor = 1
        self._usable_since = 0.0
        self._probe: gevent.Greenlet[..., None] | None = None
        self._checked_at: float | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def hit(self, key: str, item: RateLimitItem) -> Decision:
        """Count a request when it is within its limit.

        Args:
            key: Client and group.
            item: The limit.
        """
        if self._shared is None:
            return self._memory.hit(key, item)
        if not self._failure:
            try:
                found = self._shared.hit(key, item)
            except RedisError as error:
                self._record_failure(error)
            else:
                # Not a success for one that began before a failure: it may have needed no write.
                self._checked_at = self._clock()
                return found
        elif self._greenlet is None and self._clock() >= self._retry_at:
            self._probe_soon()
        self._on_fallback()
        return self._memory.hit(key, item)

    def check(self) -> None:
        """Check whether Redis counts, without a request."""
        if self._shared is None:
            return
        try:
            self._shared.probe()
        except RedisError as error:
            self._record_failure(error)
        else:
            self._record_success()

    def evidence(self) -> HealthEvidence:
        """Report where requests are counted; a health indicator."""
        if self._shared is None:
            return HealthEvidence(healthy=True, details={"storage": "memory"})
        age = None if self._checked_at is None else self._clock() - self._checked_at
        if self._failure:
            return HealthEvidence(
                False,
                f"Redis does not count ({self._failure}); each worker counts",
                age,
                {"storage": "memory"},
            )
        return HealthEvidence(True, age_seconds=age, details={"storage": "redis"})

    def start(self) -> None:
        """Check Redis in the background; call it in the worker's process, once its hub runs."""
        if self._shared is not None and self._greenlet is None:
            self._greenlet = gevent.spawn(self._check_forever)

    def close(self) -> None:
        """End the check in the background and close every connection."""
        for greenlet in (self._greenlet, self._probe):
            if greenlet is not None:
                greenlet.kill()
        if self._shared is not None:
            self._shared.close()

    def _check_forever(self) -> None:
        while True:
            self.check()
            gevent.sleep(self._retry_seconds * (self._retry_factor if self._failure else 1))

    def _probe_soon(self) -> None:
        # In a greenlet of its own: no request waits for it.
        self._retry_at = self._clock() + self._retry_seconds * self._retry_factor
        self._probe = gevent.spawn(self.check)

    def _record_failure(self, error: RedisError) -> None:
        now = self._checked_at = self._clock()
        kind = kind_of(error)
        if self._failure:
            self._retry_factor = min(self._retry_factor * 2, MOST_RETRY_FACTOR)
        else:
            if now - self._usable_since > STABLE_FACTOR * self._retry_seconds:
                self._retry_factor = 1
            _log.warning(
                "Redis does not count (%s: %s); each worker counts requests for itself",
                kind,
                REASONS[kind],
            )
        self._failure = f"{kind}: {REASONS[kind]}"
        self._retry_at = now + self._retry_seconds * self._retry_factor

    def _record_success(self) -> None:
        self._checked_at = self._clock()
        if self._failure:
            self._usable_since = self._checked_at
            _log.info("Redis counts again; requests are counted there")
        self._failure = ""
