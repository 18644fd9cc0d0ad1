"""Counting in Redis while it answers, and in this worker's memory otherwise.

After a failure Redis is not used for a while; then one request at a time, or the check in the
background, finds out whether it answers again. Changes of state are logged, requests are not.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

import gevent
from limits import RateLimitItem
from redis import RedisError

from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.sliding_window import Decision
from telemetry import HealthEvidence

_log = logging.getLogger("service.rate_limits")


class SharedCounters(Protocol):
    """Counters that all servers share."""

    def hit(self, key: str, item: RateLimitItem) -> Decision:
        """Count one request; raises ``RedisError``."""

    def ping(self) -> None:
        """Check that they answer; raises ``RedisError``."""

    def close(self) -> None:
        """Close every connection."""


class CountersWithFallback:
    """Counts requests in shared counters or, when they fail, in memory; raises nothing.

    Args:
        memory: Counters of this worker.
        shared: Counters of all servers; ``None`` when there are none.
        retry_seconds: How long ``shared`` is not used after a failure, and the interval of the
            check in the background.
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
        if self._may_try_shared():
            try:
                found = self._shared.hit(key, item)
            except RedisError as error:
                self._record_failure(error)
            else:
                self._record_success()
                return found
        self._on_fallback()
        return self._memory.hit(key, item)

    def check(self) -> None:
        """Check whether Redis answers, without a request."""
        if self._shared is None:
            return
        try:
            self._shared.ping()
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
                f"Redis does not answer ({self._failure}); each worker counts",
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
        if self._greenlet is not None:
            self._greenlet.kill()
        if self._shared is not None:
            self._shared.close()

    def _check_forever(self) -> None:
        while True:
            self.check()
            gevent.sleep(self._retry_seconds)

    def _may_try_shared(self) -> bool:
        if not self._failure:
            return True
        now = self._clock()
        if now < self._retry_at:
            return False
        # Only this request tries; the others do not wait for its result.
        self._retry_at = now + self._retry_seconds
        return True

    def _record_failure(self, error: RedisError) -> None:
        self._checked_at = self._clock()
        self._retry_at = self._checked_at + self._retry_seconds
        if not self._failure:
            _log.warning(
                "Redis does not answer (%s); each worker counts requests for itself",
                type(error).__name__,
            )
        self._failure = type(error).__name__

    def _record_success(self) -> None:
        self._checked_at = self._clock()
        if self._failure:
            _log.info("Redis answers again; requests are counted there")
        self._failure = ""
