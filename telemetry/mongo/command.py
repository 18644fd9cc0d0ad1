"""One command of a client: what it is, which request waits for it, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import monitoring

from telemetry.mongo.ownership import GreenletOwner, pool_name
from telemetry.mongo.query_shape import query_shape
from telemetry.requests.open_waits import OpenWait


class OpenCommand:
    """A command that has begun and not ended; its text is its shape and its server.

    Args:
        event: Its start.
        owner: The greenlet that waits for it.

    Attributes:
        record: The request that it is a part of.
        wait: The request's wait for it.
    """

    __slots__ = ("event", "owner", "record", "wait")

    def __init__(self, event: monitoring.CommandStartedEvent, owner: GreenletOwner) -> None:
        self.event = event
        self.owner = owner
        self.record = record = owner.request
        self.wait: OpenWait | None = None
        if record is not None and record.outcome is None:
            self.wait = record.begin_wait("db", self)

    def __str__(self) -> str:
        return f"{shape_of(self.event)} at {pool_name(self.event.connection_id)}"

    def end_wait(self, seconds: float) -> float:
        """End the request's wait for it.

        Args:
            seconds: From its start to its end, whatever its greenlet waited for.

        Returns:
            How long it waited for the server. The hub's time is not in it, unless the hub is not
            instrumented or the command is no request's.
        """
        record, wait = self.record, self.wait
        if record is None or wait is None:
            return seconds
        # Its wait refers to it: what it holds would stay until a collection of garbage.
        self.wait = None
        record.end_wait(wait)
        return wait.waited_ns / 1e9 if wait.line is not None else seconds


@dataclass(frozen=True, slots=True)
class EndedCommand:
    """A command that has ended.

    Args:
        command: It.
        seconds: From its start to its end.
        wire_seconds: How long it waited for the server.
        reply: Of the server, or ``None`` where it failed.
        labels: Operation, collection and type of the failure, each with a bounded set of values.
    """

    command: OpenCommand
    seconds: float
    wire_seconds: float
    reply: Mapping[str, Any] | None
    labels: tuple[str, str, str]


def collection_of(event: monitoring.CommandStartedEvent) -> str:
    """Return the collection that a command is about, or an empty string.

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


def shape_of(event: monitoring.CommandStartedEvent) -> str:
    """Return a command's name, collection and shape, without values.

    Args:
        event: Its start.
    """
    name, collection = event.command_name, collection_of(event)
    text = query_shape(name, event.command)
    return f"{name} {collection}{text.removeprefix(name)}" if collection else text
