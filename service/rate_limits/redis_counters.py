"""Counters in Redis, shared by all servers, with the scripts of the library ``limits``.

Each request is one round trip and one client span. It never takes longer than its time-out,
whatever Redis does: name resolution, connecting and waiting for a pooled connection included.

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

from service.rate_limits.sliding_window import Decision, decision

MAX_CONNECTIONS: Final = 32
_PREFIX: Final = "serene:limits"
_OPERATION: Final = "PIPELINE EVALSHA"


class ClientSpans(Protocol):
    """The part of telemetry's HTTP client that is needed here."""

    def client_span(self, name: str, attributes: Mapping[str, Any]) -> AbstractContextManager[Any]:
        """Measure one call to another service as a client span."""


class RedisCounters:
    """Counters in Redis. The constructor opens no connection.

    Args:
        url: URL of Redis.
        timeout_seconds: Maximum time for one request.
        client_spans: Opens a client span for each request.
    """

    def __init__(self, url: str, timeout_seconds: float, client_spans: ClientSpans) -> None:
        self._timeout_seconds = timeout_seconds
        self._client_spans = client_spans
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=timeout_seconds,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # version 3 only adds push messages, which are not needed here
        )
        self._client = redis.Redis(connection_pool=pool)
        self._acquire = self._client.register_script(RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW)
        self._read = self._client.register_script(RedisStorage.SCRIPT_SLIDING_WINDOW)
        server = pool.connection_kwargs
        self._attributes: dict[str, str | int] = {
            "db.system.name": "redis",
            "db.operation.name": _OPERATION,
            "db.operation.batch.size": 2,
            "server.address": str(server.get("host", "localhost")),
            "server.port": int(server.get("port", 6379)),
        }

    def hit(self, key: str, item: RateLimitItem) -> Decision:
        """Count a request when it is within its limit.

        Args:
            key: Client and group.
            item: The limit.

        Raises:
            redis.RedisError: Redis did not count it, or not in time.
        """
        seconds = item.get_expiry()
        with self._client_spans.client_span(_OPERATION, self._attributes), self._deadline():
            allowed, counters = self._run_scripts(f"{_PREFIX}:{{{key}}}", item.amount, seconds)
        previous, previous_ms, current, current_ms = (max(0, int(value or 0)) for value in counters)
        # Redis keeps the current window's counter for the next window as well.
        left_seconds = min(float(seconds), max(0.0, current_ms / 1e3 - seconds))
        return decision(
            bool(allowed),
            item.amount,
            previous if previous_ms else 0,
            left_seconds,
            seconds,
            current,
        )

    def ping(self) -> None:
        """Check that Redis answers.

        Raises:
            redis.RedisError: It does not, or not in time.
        """
        with self._deadline():
            self._client.ping()

    def close(self) -> None:
        """Close every connection."""
        self._client.connection_pool.disconnect()

    def _deadline(self) -> Any:
        # A socket's time-out is for one read: a Redis that sends byte by byte would renew it
        # with each.
        return gevent.Timeout(self._timeout_seconds, RedisTimeout("not in time"))

    def _run_scripts(self, current: str, limit: int, seconds: int) -> list[Any]:
        keys = (f"{current}/-1", current)
        for _ in range(2):
            pipe = self._client.pipeline(transaction=False)
            pipe.evalsha(self._acquire.sha, 2, *keys, str(limit), str(seconds), "1")
            pipe.evalsha(self._read.sha, 2, *keys, str(seconds))
            try:
                return list(pipe.execute())
            except NoScriptError:  # Redis is new, or was restarted
                # The script that counts is loaded last: where it exists the other one does too, so
                # no request is counted and then repeated.
                self._client.script_load(RedisStorage.SCRIPT_SLIDING_WINDOW)
                self._client.script_load(RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW)
        raise redis.ResponseError("Redis does not keep scripts")
