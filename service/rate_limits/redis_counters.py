"""Counters in Redis, shared by all servers, with the scripts of the library ``limits``.

Each request is one round trip and one client span. It never takes longer than its time-out,
whatever Redis does: name resolution, connecting and waiting for a pooled connection included.

Source: OpenTelemetry semantic conventions, "Redis client"; ``limits``, ``RedisStorage``.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol

import gevent
import redis
from limits import RateLimitItem
from limits.storage import RedisStorage
from redis import RedisError
from redis.backoff import NoBackoff
from redis.exceptions import InvalidResponse, NoScriptError
from redis.exceptions import TimeoutError as RedisTimeout
from redis.retry import Retry

from service.rate_limits.sliding_window import Decision, decision

MAX_CONNECTIONS: Final = 32
_PREFIX: Final = "serene:limits"
_PROBE_LIMIT: Final = 1_000_000_000
_PROBE_SECONDS: Final = 1
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
        with self._client_spans.client_span(_OPERATION, self._attributes), self._usable():
            allowed, counters = self._run_scripts(f"{_PREFIX}:{{{key}}}", item.amount, seconds)
            previous, previous_ms, current, current_ms = (
                max(0, int(value or 0)) for value in counters
            )
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

    def probe(self) -> None:
        """Check that Redis counts: run the scripts of a request on a key of the probe's own.

        A PING is answered by replicas, by a full memory and by a user without rights.

        Raises:
            redis.RedisError: It does not, or not in time.
        """
        with self._usable():
            allowed, _ = self._run_scripts(f"{_PREFIX}:{{probe}}", _PROBE_LIMIT, _PROBE_SECONDS)
            if not int(allowed):
                raise InvalidResponse("a request within its limit was not counted")

    def close(self) -> None:
        """Close every connection."""
        self._client.connection_pool.disconnect()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """Limit the time of a block, and drop the idle connections when it fails.

        Behind an address that a failover moves they lead to the old primary for ever. A socket's
        time-out would be for one read: a Redis that sends byte by byte would renew it with each.
        """
        try:
            with gevent.Timeout(self._timeout_seconds, RedisTimeout("not in time")):
                yield
        except RedisError:
            self._client.connection_pool.disconnect(inuse_connections=False)
            raise
        except (ValueError, TypeError, LookupError, AttributeError, AssertionError):
            # What the library raises for bytes that are not Redis' protocol.
            self._client.connection_pool.disconnect()
            raise InvalidResponse("not Redis' protocol") from None

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
        raise NoScriptError("Redis does not keep scripts", status_code="NOSCRIPT")
