"""Every MongoDB command, from its start to an end: none stays open.

pymongo tells of a command's end only when it returned or raised an ``Exception``. A greenlet that
is killed in one, or that a ``gevent.Timeout`` tears out of it, ends without an event; then the
return of its connection to the pool, the next command of the same greenlet, or the greenlet's own
end closes it, as a failure of that exception's type. What a command came to goes to the duration
histogram, to the request's waits and to the span. Nothing here blocks or yields.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import gevent
from greenlet import greenlet
from pymongo import monitoring

from telemetry import names
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.mongo import outcomes
from telemetry.mongo.cardinality import OTHER, Bounded
from telemetry.mongo.outcomes import Failure
from telemetry.mongo.ownership import Claim
from telemetry.requests.record import RequestRecord, current_record

HOUSEKEEPING: Final = frozenset(
    {"hello", "isMaster", "ismaster", "saslStart", "saslContinue", "authenticate", "endSessions"}
)
"""The driver's own commands: no span and no duration, for nobody asked for them; a handshake is
part of the wait for its connection.
"""

OPERATIONS: Final = frozenset(
    {
        "aggregate",
        "bulkWrite",
        "count",
        "delete",
        "distinct",
        "explain",
        "find",
        "findAndModify",
        "getMore",
        "insert",
        "update",
    }
    | {
        "collMod",
        "collStats",
        "create",
        "createIndexes",
        "drop",
        "dropDatabase",
        "dropIndexes",
        "renameCollection",
    }
    | {
        "abortTransaction",
        "commitTransaction",
        "dbStats",
        "killCursors",
        "listCollections",
        "listDatabases",
        "listIndexes",
    }
    | {"ping", "serverStatus"}
)
"""Values of ``db_operation_name``; any other command is ``_OTHER``."""

COLLECTIONS: Final = 100
ERROR_TYPES: Final = 64
ABANDONED: Final = "Abandoned"
"""Error type of a command whose greenlet went on without it, so that nobody can say what ended it."""
PRUNE_FROM: Final = 64


class SpanSink(Protocol):
    """What makes spans of commands."""

    def started(self, event: monitoring.CommandStartedEvent) -> None: ...
    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...
    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@dataclass(frozen=True, slots=True)
class _Open:
    event: monitoring.CommandStartedEvent
    claim: Claim
    record: RequestRecord | None


class CommandListener(monitoring.CommandListener):
    """Pairs starts with ends, and hands on what came of it.

    Args:
        metrics: Where the duration histogram is.
        guard: Stands around each sink.
        spans: Hears the start and exactly one end of each command.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        metrics: Metrics,
        guard: Guard,
        spans: SpanSink,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._durations = metrics.histograms(names.DB_OPERATION_DURATION)
        self._guard = guard.at("mongo.commands")
        self._spans_guard = guard.at("mongo.spans")
        self._spans = spans
        self._clock = clock
        self._open: dict[int, _Open] = {}
        self._prune_at = PRUNE_FROM
        self._collections = Bounded(COLLECTIONS)
        self._error_types = Bounded(ERROR_TYPES)

    @property
    def open(self) -> int:
        """Commands that have begun and not ended."""
        return len(self._open)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is about to be sent."""
        if event.command_name in HOUSEKEEPING:
            return
        with self._guard:
            self.connection_returned()
            claim = Claim.of_current(self._clock())
            self._open[id(claim.greenlet)] = _Open(event, claim, current_record())
            if len(self._open) > self._prune_at:
                self.sweep()
                self._prune_at = max(PRUNE_FROM, 2 * len(self._open))
        with self._spans_guard:
            self._spans.started(event)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """The server answered; it may still have refused some of the writes."""
        with self._guard:
            self._record(event, outcomes.of_reply(event.reply))
        with self._spans_guard:
            self._spans.succeeded(event)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """The server refused, or the connection broke."""
        with self._guard:
            self._record(event, outcomes.of_failure(event.failure))
        with self._spans_guard:
            self._spans.failed(event)

    def connection_returned(self) -> None:
        """The running greenlet is done with its connection: a command of its own that is still open
        ended without an event.
        """
        command = self._open.get(id(gevent.getcurrent()))
        if command is not None:
            error = sys.exc_info()[1]
            self._end(command, ABANDONED if error is None else type(error).__name__)

    def sweep(self) -> None:
        """End the commands of greenlets that are gone."""
        for command in tuple(self._open.values()):
            if command.claim.abandoned:
                self._end(command, _how_it_died(command.claim.greenlet))

    def _end(self, command: _Open, error_type: str) -> None:
        event = command.event
        self.failed(
            monitoring.CommandFailedEvent(
                timedelta(seconds=self._clock() - command.claim.since_seconds),
                {"errtype": error_type, "errmsg": f"ended by {error_type}"},
                event.command_name,
                event.request_id,
                event.connection_id,
                event.operation_id,
                service_id=event.service_id,
                database_name=event.database_name,
                server_connection_id=event.server_connection_id,
            )
        )
        self._open.pop(id(command.claim.greenlet), None)

    def _record(
        self,
        event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent,
        failure: Failure | None,
    ) -> None:
        command = self._pop(event.request_id)
        if command is None:
            return
        seconds = event.duration_micros / 1e6
        if command.record is not None and command.record.outcome is None:
            command.record.add_wait("db", seconds)
        operation = event.command_name if event.command_name in OPERATIONS else OTHER
        error_type = self._error_types(failure.error_type) if failure is not None else ""
        self._durations[
            operation, self._collections(collection_of(command.event)), error_type
        ].observe(seconds)

    def _pop(self, request_id: int) -> _Open | None:
        key = id(gevent.getcurrent())
        command = self._open.get(key)
        if (
            command is None or command.event.request_id != request_id
        ):  # a sweep ends the commands of other greenlets
            key = next(
                (
                    each
                    for each, other in self._open.items()
                    if other.event.request_id == request_id
                ),
                0,
            )
        return self._open.pop(key, None)


def collection_of(event: monitoring.CommandStartedEvent) -> str:
    """The collection that a command is about, or an empty string.

    Args:
        event: The start; the command's first value is the collection's name, and a ``getMore``
            names it under ``collection``.
    """
    command: Any = event.command
    name = (
        command.get("collection")
        if event.command_name == "getMore"
        else command.get(event.command_name)
    )
    return name if isinstance(name, str) else ""


def _how_it_died(dead: greenlet) -> str:
    if not isinstance(dead, gevent.Greenlet) or not dead.dead:
        return ABANDONED
    error = dead.exception if dead.exception is not None else dead.value
    return type(error).__name__ if isinstance(error, BaseException) else ABANDONED
