"""Counters in Redis, for all servers together, by the library's own scripts.

Each request is one round trip and one client span. It never waits longer than its time-out,
whatever Redis does: names, connections and the turn in the pool included.

Source: OpenTelemetry semantic conventions, "Redis client"; ``limits``, ``RedisStorage``.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import gevent
import redis
from limits import RateLimitItem
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as RedisTimeout
from redis.retry import Retry

from service.rate_limits.sliding_window import Taken, told

MOST_CONNECTIONS: Final = 32
_PREFIX: Final = "serene:limits"
_OPERATION: Final = "PIPELINE EVALSHA"


class Outgoing(Protocol):
    """Telemetry's part for calls to other services."""

    def client_span(self, name: str, attributes: Mapping[str, Any]) -> AbstractContextManager[Any]:
        """Around one call."""


class SharedCounters:
    """Counts in Redis; no connection is opened yet.

    Args:
        url: Of Redis.
        timeout_seconds: Most time for one request.
        outgoing: Makes each call a part of its request.
    """

    def __init__(self, url: str, timeout_seconds: float, outgoing: Outgoing) -> None:
        self._timeout_seconds = timeout_seconds
        self._outgoing = outgoing
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=timeout_seconds,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # what version 3 adds are messages that nobody asked for
        )
        self._client = redis.Redis(connection_pool=pool)
        self._acquire = self._client.register_script(RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW)
        self._look = self._client.register_script(RedisStorage.SCRIPT_SLIDING_WINDOW)
        where = pool.connection_kwargs
        self._attributes: dict[str, str | int] = {
            "db.system.name": "redis",
            "db.operation.name": _OPERATION,
            "db.operation.batch.size": 2,
            "server.address": str(where.get("host", "localhost")),
            "server.port": int(where.get("port", 6379)),
        }

    def take(self, key: str, item: RateLimitItem) -> Taken:
        """Count one request, unless it is one too many.

        Args:
            key: Whose, and of which group.
            item: The limit.

        Raises:
            redis.RedisError: Redis did not count it, or not in time.
        """
        expiry = item.get_expiry()
        with self._outgoing.client_span(_OPERATION, self._attributes), self._in_time():
            passed, found = self._ask(f"{_PREFIX}:{{{key}}}", item.amount, expiry)
        previous, previous_ms, current, current_ms = (max(0, int(value or 0)) for value in found)
        # Redis keeps the current window's counter for the next one too.
        left_seconds = min(float(expiry), max(0.0, current_ms / 1e3 - expiry))
        return told(
            bool(passed), item.amount, previous if previous_ms else 0, left_seconds, expiry, current
        )

    def ping(self) -> None:
        """See whether Redis answers.

        Raises:
            redis.RedisError: It does not, or not in time.
        """
        with self._in_time():
            self._client.ping()

    def close(self) -> None:
        """Close every connection."""
        self._client.connection_pool.disconnect()

    def _in_time(self) -> Any:
        # The time-outs of sockets are for one read each: a Redis that drips would be waited for
        # again and again.
        return gevent.Timeout(self._timeout_seconds, RedisTimeout("not in time"))

    def _ask(self, current: str, limit: int, expiry: int) -> list[Any]:
        keys = (f"{current}/-1", current)
        for _ in range(2):
            pipe = self._client.pipeline(transaction=False)
            pipe.evalsha(self._acquire.sha, 2, *keys, str(limit), str(expiry), "1")
            pipe.evalsha(self._look.sha, 2, *keys, str(expiry))
            try:
                return list(pipe.execute())
            except NoScriptError:  # a new Redis, or one that has forgotten
                # The one that counts last: where it is there, the other is too, and no request is
                # counted and then asked for again.
                self._client.script_load(RedisStorage.SCRIPT_SLIDING_WINDOW)
                self._client.script_load(RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW)
        raise redis.ResponseError("Redis does not keep scripts")
