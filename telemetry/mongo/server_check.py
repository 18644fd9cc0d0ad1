"""One check of MongoDB, and how its result is exposed.

A check that fails is evidence too: ``mongodb_up`` is 0, with a timestamp as fresh as any. What the
server did not report is absent, never zero; its own counters are exposed only as long as the last
check succeeded, so a number never outlives what it was read from.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import gevent
import pymongo
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pymongo.errors import OperationFailure, PyMongoError

from telemetry import names
from telemetry.elapsed import elapsed_seconds

MAX_ERROR_CHARACTERS: Final = 200
DRIVER_SHARE: Final = 2 / 3
"""Share of a check's time that pymongo is given."""

OPERATIONS: Final = ("insert", "query", "update", "delete", "getmore", "command")
DIRECTIONS: Final = {"bytesIn": "receive", "bytesOut": "transmit"}
STATES: Final = ("current", "available", "active")

SERVER_STATUS: Final = {
    "serverStatus": 1,
    "metrics": 0,
    "wiredTiger": 0,
    "tcmalloc": 0,
    "locks": 0,
    "repl": 0,
}
"""Without its largest sections, which cost the server and the wire most."""

_CREDENTIALS = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class ServerCounters:
    """A server's own counters; a part that it does not report is empty.

    Args:
        opcounters: Operations by type.
        network_bytes: Traffic by direction.
        connections: Connections by state.
    """

    opcounters: Mapping[str, float] = field(default_factory=dict)
    network_bytes: Mapping[str, float] = field(default_factory=dict)
    connections: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """One completed check of MongoDB.

    Args:
        at_unix_seconds: When it ended.
        up: The server answered a ping.
        ping_seconds: Round trip of the ping; ``None`` when there was no answer.
        error: Why there was none, or an empty string.
        counters: The server's own counters.
        at_seconds: When it ended, by ``elapsed_seconds``: no step of the time of day changes its
            age.
    """

    at_unix_seconds: float
    up: bool
    ping_seconds: float | None = None
    error: str = ""
    counters: ServerCounters = field(default_factory=ServerCounters)
    at_seconds: float = field(default_factory=elapsed_seconds, compare=False)


def check_server(
    client: "pymongo.MongoClient[Any]",
    timeout_seconds: float,
    *,
    clock: Callable[[], float] = time.perf_counter,
    unix_time: Callable[[], float] = time.time,
) -> ServerCheck:
    """Ping the server, and read its counters.

    Args:
        client: A client of the check's own.
        timeout_seconds: Bound of the whole check.
        clock: Monotonic seconds.
        unix_time: Seconds since the epoch.

    Returns:
        The result; a server that does not answer in time is down.
    """
    # pymongo's own bound first, because its error names the cause; it selects servers in steps of
    # half a second, and waits for name servers.
    with gevent.Timeout(timeout_seconds) as last_resort:
        try:
            with pymongo.timeout(timeout_seconds * DRIVER_SHARE):
                began = clock()
                client.admin.command("ping", read_preference=client.read_preference)
                ping_seconds = clock() - began
                reported = _server_status(client)
        except PyMongoError as error:
            return ServerCheck(unix_time(), up=False, error=format_error(error))
        except gevent.Timeout as fired:
            if fired is not last_resort:
                raise
            return ServerCheck(
                unix_time(),
                up=False,
                error=_known_error(client) or f"no answer within {timeout_seconds:g} s",
            )
    return ServerCheck(unix_time(), up=True, ping_seconds=ping_seconds, counters=counters(reported))


def _known_error(client: "pymongo.MongoClient[Any]") -> str:
    servers = client.topology_description.server_descriptions().values()
    return next((format_error(server.error) for server in servers if server.error is not None), "")


def format_error(error: Exception) -> str:
    """Format an error as one short line without credentials."""
    public = next(
        kind.__name__ for kind in type(error).__mro__ if not kind.__name__.startswith("_")
    )
    text = _CREDENTIALS.sub("//", " ".join(str(error).split()))
    return f"{public}: {text}"[:MAX_ERROR_CHARACTERS]


def counters(reported: Mapping[str, Any]) -> ServerCounters:
    """Return the parts of a ``serverStatus`` reply that are exposed.

    Args:
        reported: The reply; sections and fields may be missing (FerretDB has none of these).
    """
    return ServerCounters(
        opcounters=_numbers(reported.get("opcounters"), {name: name for name in OPERATIONS}),
        network_bytes=_numbers(reported.get("network"), DIRECTIONS),
        connections=_numbers(reported.get("connections"), {name: name for name in STATES}),
    )


def _server_status(client: "pymongo.MongoClient[Any]") -> Mapping[str, Any]:
    try:
        reply: Mapping[str, Any] = client.admin.command(
            dict(SERVER_STATUS), read_preference=client.read_preference
        )
    except OperationFailure as refused:
        if refused.timeout:
            raise
        return {}  # The server is up; the account lacks the role to read its counters.
    return reply


def _numbers(section: object, fields: Mapping[str, str]) -> dict[str, float]:
    if not isinstance(section, Mapping):
        return {}
    return {
        label: float(section[name])
        for name, label in fields.items()
        if isinstance(section.get(name), int | float)
    }


class ServerCheckCollector(Collector):
    """The last check as series; none before the first.

    Args:
        latest: Returns the last check, or ``None``.
    """

    def __init__(self, latest: Callable[[], ServerCheck | None]) -> None:
        self._latest = latest

    def describe(self) -> Iterable[Metric]:
        """Return the families without samples, which registers their names before any check."""
        return self._families().values()

    def collect(self) -> Iterator[Metric]:
        """Yield the families, with the result of the last check."""
        families = self._families()
        check = self._latest()
        if check is not None:
            families[names.MONGODB_UP].add_metric([], float(check.up))
            families[names.MONGODB_EVIDENCE].add_metric([], check.at_unix_seconds)
            if check.ping_seconds is not None:
                families[names.MONGODB_PING].add_metric([], check.ping_seconds)
            for metric, reported in (
                (names.MONGODB_OPCOUNTERS, check.counters.opcounters),
                (names.MONGODB_NETWORK, check.counters.network_bytes),
                (names.MONGODB_SERVER_CONNECTIONS, check.counters.connections),
            ):
                for label, value in reported.items():
                    families[metric].add_metric([label], value)
        yield from families.values()

    @staticmethod
    def _families() -> dict[names.Metric, GaugeMetricFamily | CounterMetricFamily]:
        gauges = (
            names.MONGODB_UP,
            names.MONGODB_EVIDENCE,
            names.MONGODB_PING,
            names.MONGODB_SERVER_CONNECTIONS,
        )
        families: dict[names.Metric, GaugeMetricFamily | CounterMetricFamily] = {
            metric: GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for metric in gauges
        }
        for metric in (names.MONGODB_OPCOUNTERS, names.MONGODB_NETWORK):
            families[metric] = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        return families
