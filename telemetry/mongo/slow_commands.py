"""Slow commands: counted, logged, an event of their request, and explained; and the table of all.

Slow is what kept its greenlet waiting for the server for so long. Time in which the hub was held,
or in which the request waited for a connection, is reported beside it and makes no command slow:
the server is not to blame for it.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from opentelemetry.semconv.attributes import db_attributes as db
from opentelemetry.semconv.attributes import server_attributes as server
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.util.types import AttributeValue

from telemetry import names
from telemetry.metrics import Metrics
from telemetry.mongo.command import EndedCommand, collection_of, shape_of
from telemetry.mongo.explainer import Explainer
from telemetry.mongo.ownership import GreenletOwner, pool_name
from telemetry.mongo.plans import Plan, Refusal
from telemetry.mongo.query_table import QueryStatistics, QueryTable
from telemetry.span_names import COMMAND_PLAN_EVENT, SLOW_COMMAND_EVENT

LINES: Final = 20
PERIOD_SECONDS: Final = 10.0
"""So many lines are logged in so many seconds; the next line has the number of the others."""

RETURNED_ROWS: Final = "db.response.returned_rows"
WIRE_ATTRIBUTE: Final = "db.wire_seconds"
DURATION_ATTRIBUTE: Final = "db.duration_seconds"
POOL_ATTRIBUTE: Final = "db.pool_seconds"
CLIENT_ATTRIBUTE: Final = "db.client_seconds"
PLAN_ATTRIBUTE: Final = "db.plan"

_log = logging.getLogger("telemetry.mongo")


class PoolWait(Protocol):
    """Knows how long greenlets waited for their connections."""

    def __call__(self, owner: GreenletOwner) -> float:
        """Return the seconds that a greenlet waited for the connection that it holds."""


class SlowCommands:
    """Observes each command that has ended.

    Args:
        metrics: Holds the counter.
        threshold_seconds: From which on a command is slow.
        explainer: Finds out how the server finds the documents; ``None``: not at all.
        pool_wait: How long the command's greenlet waited for its connection.
        clock: Monotonic seconds.

    Attributes:
        table: What each shape has cost.
    """

    def __init__(
        self,
        metrics: Metrics,
        threshold_seconds: float,
        *,
        explainer: Explainer | None,
        pool_wait: PoolWait,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.table = QueryTable()
        self._slow = metrics.counter(names.DB_SLOW_OPERATIONS)
        self._threshold_seconds = threshold_seconds
        self._explainer = explainer
        self._pool_wait = pool_wait
        self._lines = LineLimit(clock)

    def __call__(self, ended: EndedCommand) -> None:
        """Add a command to the statistics of its shape; report it where it was slow."""
        command, seconds = ended.command, ended.wire_seconds
        event, record = command.event, command.record
        name = event.command_name
        statistics = self.table.of(name, collection_of(event), event.command)
        documents = documents_in(ended.reply)
        statistics.add(seconds, documents, failed=ended.reply is None)
        slow = seconds >= self._threshold_seconds
        if record is not None and (slow or not statistics.slow):
            statistics.last_trace_id = record.trace_id
        if slow:
            self._report(ended, statistics, documents)

    def _report(self, ended: EndedCommand, statistics: QueryStatistics, documents: int) -> None:
        command = ended.command
        statistics.slow += 1
        operation, collection, _ = ended.labels
        self._slow.labels(operation, collection).inc()
        shape = shape_of(command.event)
        attributes = self._attributes(ended, shape, documents)
        if statistics.plan:
            attributes[PLAN_ATTRIBUTE] = statistics.plan
        if command.record is not None and command.record.outcome is None:
            command.record.add_event(SLOW_COMMAND_EVENT, attributes)
        self._write_line(ended, attributes)
        if self._explainer is not None and self._explainer.is_due(shape):
            self._explainer.ask(
                command.event.command_name,
                command.event.command,
                command.event.database_name,
                command.event.connection_id,
                PlanReport(ended, statistics, shape),
            )

    def _attributes(
        self, ended: EndedCommand, shape: str, documents: int
    ) -> dict[str, AttributeValue]:
        event = ended.command.event
        host, port = event.connection_id
        error_type = ended.labels[2]
        return {
            db.DB_OPERATION_NAME: event.command_name,
            db.DB_COLLECTION_NAME: collection_of(event),
            db.DB_QUERY_TEXT: shape,
            server.SERVER_ADDRESS: host,
            **({server.SERVER_PORT: port} if port is not None else {}),
            WIRE_ATTRIBUTE: round(ended.wire_seconds, 6),
            DURATION_ATTRIBUTE: round(ended.seconds, 6),
            CLIENT_ATTRIBUTE: round(ended.seconds - ended.wire_seconds, 6),
            POOL_ATTRIBUTE: round(self._pool_wait(ended.command.owner), 6),
            RETURNED_ROWS: documents,
            **({ERROR_TYPE: error_type} if error_type else {}),
        }

    def _write_line(self, ended: EndedCommand, attributes: dict[str, AttributeValue]) -> None:
        if not self._lines.take():
            return
        fields: dict[str, object] = dict(attributes)
        if self._lines.left_out:
            fields["left_out"] = self._lines.left_out
            self._lines.left_out = 0
        event = ended.command.event
        _log.warning(
            "slow command: %s %s at %s took %.3f s on the wire",
            event.command_name,
            collection_of(event),
            pool_name(event.connection_id),
            ended.wire_seconds,
            extra={"fields": fields, "request": ended.command.record},
        )


class PlanReport:
    """Where a plan goes: the table, the log when it is another one, the request in flight.

    Args:
        ended: The command.
        statistics: Of its shape.
        shape: Text without values.
    """

    def __init__(self, ended: EndedCommand, statistics: QueryStatistics, shape: str) -> None:
        # Not the command itself: it holds values.
        self._record = ended.command.record
        self._statistics = statistics
        self._shape = shape

    def __call__(self, plan: Plan | Refusal) -> None:
        """Record the plan, or the reason for a refusal."""
        text = f"no plan: {plan.reason}" if isinstance(plan, Refusal) else str(plan)
        record, changed = self._record, text != self._statistics.plan
        self._statistics.plan = text
        attributes = {db.DB_QUERY_TEXT: self._shape, PLAN_ATTRIBUTE: text}
        if record is not None and record.outcome is None:
            record.add_event(COMMAND_PLAN_EVENT, attributes)
        if changed:
            _log.info(
                "plan of %s: %s",
                self._shape,
                text,
                extra={"fields": attributes, "request": record},
            )


class LineLimit:
    """A number of lines in a period.

    Args:
        clock: Monotonic seconds.

    Attributes:
        left_out: Lines that were refused since this was last set to 0.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = 0.0
        self._lines = 0
        self.left_out = 0

    def take(self) -> bool:
        """Return whether one more line may be written."""
        now = self._clock()
        if now >= self._until:
            self._until, self._lines = now + PERIOD_SECONDS, 0
        self._lines += 1
        if self._lines <= LINES:
            return True
        self.left_out += 1
        return False


def documents_in(reply: Mapping[str, Any] | None) -> int:
    """Return how many documents a server returned or wrote.

    Args:
        reply: To a command; ``None`` where it failed.
    """
    if reply is None:
        return 0
    cursor = reply.get("cursor")
    if isinstance(cursor, Mapping):
        found: object = cursor.get("firstBatch", cursor.get("nextBatch"))
    elif "values" in reply:
        found = reply["values"]
    elif "value" in reply:
        return int(reply["value"] is not None)
    else:
        found = reply.get("n")
    if isinstance(found, list):
        return len(found)
    return found if isinstance(found, int) else 0
