"""Where requests are counted: in Redis while it answers, in this worker's memory otherwise.

After a failure Redis is left alone for a while; then one request at a time, or the look in the
background, finds out whether it is back. Changes are logged, not requests.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

import gevent
from limits import RateLimitItem
from redis import RedisError

from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.sliding_window import Taken
from telemetry.health import HealthEvidence

_log = logging.getLogger("service.rate_limits")


class Shared(Protocol):
    """What counts for all servers."""

    def take(self, key: str, item: RateLimitItem) -> Taken:
        """Count one request; raises ``RedisError``."""

    def ping(self) -> None:
        """See whether it answers; raises ``RedisError``."""

    def close(self) -> None:
        """Close every connection."""


class Counting:
    """Counts requests; never fails.

    Args:
        memory: Of this worker.
        shared: Of all servers; ``None`` when there is none.
        retry_seconds: How long it is left alone after a failure, and how often it is looked at.
        on_fallback: Called for each request that is counted here because ``shared`` does not
            answer.
        clock: Seconds, from any start.
    """

    def __init__(
        self,
        memory: MemoryCounters,
        shared: Shared | None,
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
        self._seen_at: float | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def take(self, key: str, item: RateLimitItem) -> Taken:
        """Count one request, unless it is one too many.

        Args:
            key: Whose, and of which group.
            item: The limit.
        """
        if self._shared is None:
            return self._memory.take(key, item)
        if self._may_ask():
            try:
                taken = self._shared.take(key, item)
            except RedisError as error:
                self._failed(error)
            else:
                self._worked()
                return taken
        self._on_fallback()
        return self._memory.take(key, item)

    def look(self) -> None:
        """See whether Redis answers, whether or not somebody asks for it."""
        if self._shared is None:
            return
        try:
            self._shared.ping()
        except RedisError as error:
            self._failed(error)
        else:
            self._worked()

    def evidence(self) -> HealthEvidence:
        """Where requests are counted; a health indicator."""
        if self._shared is None:
            return HealthEvidence(healthy=True, details={"storage": "memory"})
        age = None if self._seen_at is None else self._clock() - self._seen_at
        if self._failure:
            return HealthEvidence(
                False,
                f"Redis does not answer ({self._failure}); each worker counts",
                age,
                {"storage": "memory"},
            )
        return HealthEvidence(True, age_seconds=age, details={"storage": "redis"})

    def start(self) -> None:
        """Look at Redis in the background; in the worker's process, once its hub is there."""
        if self._shared is not None and self._greenlet is None:
            self._greenlet = gevent.spawn(self._look_forever)

    def close(self) -> None:
        """End the looks and close every connection."""
        if self._greenlet is not None:
            self._greenlet.kill()
        if self._shared is not None:
            self._shared.close()

    def _look_forever(self) -> None:
        while True:
            self.look()
            gevent.sleep(self._retry_seconds)

    def _may_ask(self) -> bool:
        if not self._failure:
            return True
        now = self._clock()
        if now < self._retry_at:
            return False
        self._retry_at = (
            now + self._retry_seconds
        )  # the others need not wait for what one finds out
        return True

    def _failed(self, error: RedisError) -> None:
        self._seen_at = self._clock()
        self._retry_at = self._seen_at + self._retry_seconds
        if not self._failure:
            _log.warning(
                "Redis does not answer (%s); each worker counts requests for itself",
                type(error).__name__,
            )
        self._failure = type(error).__name__

    def _worked(self) -> None:
        self._seen_at = self._clock()
        if self._failure:
            _log.info("Redis answers again; requests are counted there")
        self._failure = ""
