"""Asks the server for the plans of slow commands, in the background and never in a request's way.

A greenlet of its own asks with a client of its own, one question at a time, each bounded in time; a
shape is asked for at most once a minute, and few wait. What does not fit is left out: the next slow
command of the shape is the next chance. A command's values are needed to explain it: they are kept
as a bounded text of BSON until that is done, in memory only.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import bson
import gevent
import pymongo
from gevent.event import Event
from pymongo.errors import OperationFailure, PyMongoError

from telemetry.guard import Guard
from telemetry.mongo import outcomes, plans
from telemetry.mongo.ownership import Address
from telemetry.mongo.plans import Plan, Refusal
from telemetry.mongo.private_client import private_client

Verbosity = Literal["queryPlanner", "executionStats"]

EVERY_SECONDS: Final = 60.0
MOST_WAITING: Final = 16
MOST_SHAPES: Final = 1000
"""Shapes whose last question is remembered."""
MOST_BYTES: Final = 65_536
MOST_VALUES: Final = 2000
"""Values of a command that is encoded: more would take the hub for longer than they are worth."""
TIMEOUT_SECONDS: Final = 1.0
DRIVER_SHARE: Final = 2 / 3
HEARTBEAT_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """A command to explain.

    Args:
        database: Its database.
        command: BSON of what is explained.
        writes: The command itself wrote: only its plan is asked for, and nothing is run.
        answered: Receives the plan, or the reason for a refusal.
    """

    database: str
    command: bytes
    writes: bool
    answered: Callable[[Plan | Refusal], None]


class Explainer:
    """Explains slow commands; see the module.

    Args:
        guard: Stands around each question.
        verbosity: ``executionStats`` runs each read once more, to count what it examines.
        timeout_seconds: Bound of one question.
        every_seconds: Least time between two questions about one shape.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        verbosity: Verbosity = "queryPlanner",
        timeout_seconds: float = TIMEOUT_SECONDS,
        every_seconds: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = guard.at("mongo.explain")
        self._verbosity = verbosity
        self._timeout_seconds = timeout_seconds
        self._every_seconds = every_seconds
        self._clock = clock
        self._asked: dict[str, float] = {}
        self._waiting: deque[Question] = deque()
        self._wake = Event()
        self._given: pymongo.MongoClient[Any] | None = None
        self._client: pymongo.MongoClient[Any] | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self, client: "pymongo.MongoClient[Any]") -> None:
        """Begin to explain commands of a client; its own client connects at the first question.

        Args:
            client: The application's client; only its options are used.
        """
        self.stop()
        self._given = client
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """End the work and close its client, within a second."""
        self._given = None
        self._waiting.clear()
        self._wake.set()
        if self._greenlet is not None:
            # pymongo leaves the socket of a greenlet that is killed while it connects open.
            self._greenlet.join(CLOSE_SECONDS)
            self._greenlet.kill()
            self._greenlet = None
        client, self._client = self._client, None
        if client is not None:
            with gevent.Timeout(CLOSE_SECONDS, False), self._guard:  # type: ignore[arg-type]
                client.close()

    def is_due(self, shape: str) -> bool:
        """Return whether a shape may be asked for now; then it counts as asked for."""
        now = self._clock()
        if now < self._asked.get(shape, now):
            return False
        if len(self._waiting) >= MOST_WAITING:
            return False
        if len(self._asked) >= MOST_SHAPES:
            self._asked.clear()
        self._asked[shape] = now + self._every_seconds
        return True

    def ask(
        self,
        name: str,
        command: Mapping[str, Any],
        database: str,
        server: Address,
        answered: Callable[[Plan | Refusal], None],
    ) -> None:
        """Explain a command soon; never blocks.

        Args:
            name: The command, such as ``find``.
            command: Its document.
            database: Its database.
            server: That ran it.
            answered: Receives the plan, or the reason for a refusal; at once where that is known.
        """
        refusal = self._refusal(server)
        explained = refusal or plans.to_explain(name, command)
        if isinstance(explained, Refusal):
            answered(explained)
            return
        encoded = _encoded(explained)
        if isinstance(encoded, Refusal):
            answered(encoded)
            return
        writes = next(iter(explained)) != name
        self._waiting.append(Question(database, encoded, writes, answered))
        self._wake.set()

    def _refusal(self, server: Address) -> Refusal | None:
        if self._given is None:
            return Refusal("no client to ask with (Telemetry.watch_mongo)")
        known = self._given.topology_description.server_descriptions()
        return None if server in known else Refusal("it ran on another deployment")

    def _run(self) -> None:
        while self._given is not None:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                question = self._waiting.popleft()
                with self._guard:
                    question.answered(self._answer(question))

    def _answer(self, question: Question) -> Plan | Refusal:
        with gevent.Timeout(self._timeout_seconds) as last_resort:
            try:
                with pymongo.timeout(self._timeout_seconds * DRIVER_SHARE):
                    return plans.plan_of(self._explain(question))
            except OperationFailure as refused:
                return Refusal(outcomes.of_failure(refused.details).error_type)
            except PyMongoError as error:
                return Refusal(type(error).__name__)
            except gevent.Timeout as fired:
                if fired is not last_resort:
                    raise
                return Refusal(f"no response within {self._timeout_seconds:g} s")
        raise AssertionError("a timeout was swallowed")

    def _explain(self, question: Question) -> Mapping[str, Any]:
        if self._client is None:
            if self._given is None:
                return {}
            seconds = self._timeout_seconds * DRIVER_SHARE
            self._client = private_client(self._given, seconds, HEARTBEAT_SECONDS)
        response: Mapping[str, Any] = self._client[question.database].command(
            {
                "explain": bson.decode(question.command),
                "verbosity": "queryPlanner" if question.writes else self._verbosity,
            },
            read_preference=self._client.read_preference,
        )
        return response


def _encoded(command: Mapping[str, Any]) -> bytes | Refusal:
    if _is_large(command):
        return Refusal("the command is too large to keep")
    try:
        encoded: bytes = bson.encode(command)
    except Exception as error:  # a type that only the collection's own codec knows
        return Refusal(type(error).__name__)
    return encoded if len(encoded) <= MOST_BYTES else Refusal("the command is too large to keep")


def _is_large(command: Mapping[str, Any]) -> bool:
    """Return whether a command has many values, or large ones, at a bounded cost."""
    left, remaining = MOST_VALUES, [command]
    while remaining:
        value: Any = remaining.pop()
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list | tuple):
            left -= len(value)
            if left < 0:
                return True
            remaining.extend(value)
        elif isinstance(value, str | bytes) and len(value) > MOST_BYTES:
            return True
    return False
