"""Every MongoDB command, from its start to an end: none stays open.

pymongo emits a command's end only when it returned or raised an ``Exception``. A greenlet that is
killed in one, or that a ``gevent.Timeout`` interrupts, ends without an event; then the return of
its connection to the pool, the next command of the same greenlet, or the greenlet's own end closes
it, as a failure of that exception's type. The outcome of a command goes to the duration histogram,
to the span and to what observes commands; while it is open it is a wait of its request. Nothing
here blocks or yields.
"""

import sys
import time
from collections.abc import Callable, Mapping
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
from telemetry.mongo.command import EndedCommand, OpenCommand, collection_of
from telemetry.mongo.outcomes import Failure
from telemetry.mongo.ownership import GreenletOwner

HOUSEKEEPING: Final = frozenset(
    {"hello", "isMaster", "ismaster", "saslStart", "saslContinue", "authenticate", "endSessions"}
)
"""The driver's own commands: no span and no duration, because no request issued them; a handshake
is part of the wait for its connection.
"""

READS_AND_WRITES: Final = (
    "aggregate bulkWrite count delete distinct explain find findAndModify getMore insert update"
)
DEFINITIONS: Final = (
    "collMod collStats create createIndexes drop dropDatabase dropIndexes renameCollection"
)
ADMINISTRATION: Final = (
    "abortTransaction commitTransaction dbStats killCursors listCollections listDatabases "
    "listIndexes ping serverStatus"
)
OPERATIONS: Final = frozenset(f"{READS_AND_WRITES} {DEFINITIONS} {ADMINISTRATION}".split())
"""Values of ``db_operation_name``; any other command is ``_OTHER``."""

COLLECTIONS: Final = 100
ERROR_TYPES: Final = 64
ABANDONED: Final = "Abandoned"
"""Error type of a command that its greenlet left for an unknown reason."""
PRUNE_FROM: Final = 64


class SpanSink(Protocol):
    """What makes spans of commands."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Start the span."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """End the span of a command that the server answered."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """End the span of a command that failed."""


Observer = Callable[[EndedCommand], None]


class CommandListener(monitoring.CommandListener):
    """Pairs the start of each command with one end, and records the outcome.

    Args:
        metrics: Holds the duration histogram.
        guard: Stands around each sink.
        spans: Receives the start and exactly one end of each command.
        observe: Receives each command that has ended.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        metrics: Metrics,
        guard: Guard,
        spans: SpanSink,
        *,
        observe: Observer = lambda _: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._observe = observe
        self._queries_guard = guard.at("mongo.queries")
        self._durations = metrics.histograms(names.DB_OPERATION_DURATION)
        self._guard = guard.at("mongo.commands")
        self._spans_guard = guard.at("mongo.spans")
        self._spans = spans
        self._clock = clock
        self._open: dict[int, OpenCommand] = {}
        self._prune_at = PRUNE_FROM
        self._collections = Bounded(COLLECTIONS)
        self._error_types = Bounded(ERROR_TYPES)

    @property
    def open(self) -> int:
        """Number of commands that have begun and not ended."""
        return len(self._open)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Open a command that is about to be sent."""
        if event.command_name in HOUSEKEEPING:
            return
        with self._guard:
            self.connection_returned()
            owner = GreenletOwner.current(self._clock())
            self._open[id(owner.greenlet)] = OpenCommand(event, owner)
            if len(self._open) > self._prune_at:
                self.sweep()
                self._prune_at = max(PRUNE_FROM, 2 * len(self._open))
        with self._spans_guard:
            self._spans.started(event)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """End a command that the server answered; it may still have refused some of the writes."""
        with self._guard:
            self._record(event, outcomes.of_reply(event.reply), event.reply)
        with self._spans_guard:
            self._spans.succeeded(event)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """End a command that the server refused, or whose connection broke."""
        with self._guard:
            self._record(event, outcomes.of_failure(event.failure), None)
        with self._spans_guard:
            self._spans.failed(event)

    def command_of(self, owner: GreenletOwner) -> OpenCommand | None:
        """Return the command that a greenlet waits for; from any thread."""
        return self._open.get(id(owner.greenlet))

    def connection_returned(self) -> None:
        """End the running greenlet's command that is still open: it had no event of its own.

        Called when the greenlet has returned its connection.
        """
        command = self._open.get(id(gevent.getcurrent()))
        if command is not None:
            error = sys.exc_info()[1]
            self._end(command, ABANDONED if error is None else type(error).__name__)

    def sweep(self) -> None:
        """End the commands of greenlets that are gone."""
        for command in tuple(self._open.values()):
            if command.owner.abandoned:
                self._end(command, _error_type_of_dead(command.owner.greenlet))

    def _end(self, command: OpenCommand, error_type: str) -> None:
        event = command.event
        self.failed(
            monitoring.CommandFailedEvent(
                timedelta(seconds=self._clock() - command.owner.since_seconds),
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
        self._open.pop(id(command.owner.greenlet), None)

    def _record(
        self,
        event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent,
        failure: Failure | None,
        reply: Mapping[str, Any] | None,
    ) -> None:
        command = self._pop(event.request_id)
        if command is None:
            return
        seconds = event.duration_micros / 1e6
        wire_seconds = command.end_wait(seconds)
        operation = event.command_name if event.command_name in OPERATIONS else OTHER
        error_type = self._error_types(failure.error_type) if failure is not None else ""
        labels = operation, self._collections(collection_of(command.event)), error_type
        self._durations[labels].observe(seconds)
        try:
            self._observe(EndedCommand(command, seconds, wire_seconds, reply, labels))
        except Exception as error:
            self._queries_guard.caught(error)

    def _pop(self, request_id: int) -> OpenCommand | None:
        key = id(gevent.getcurrent())
        command = self._open.get(key)
        if command is None or command.event.request_id != request_id:
            # A sweep ends the commands of other greenlets.
            matching = (
                each for each, other in self._open.items() if other.event.request_id == request_id
            )
            key = next(matching, 0)
        return self._open.pop(key, None)


def _error_type_of_dead(dead: greenlet) -> str:
    if not isinstance(dead, gevent.Greenlet) or not dead.dead:
        return ABANDONED
    error = dead.exception if dead.exception is not None else dead.value
    return type(error).__name__ if isinstance(error, BaseException) else ABANDONED
