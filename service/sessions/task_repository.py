"""Work on bookings that has to come to an end, written down before it is begun: what a crash leaves
behind is found here.

A task may be done twice and by two at once; who is done with it removes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.mongo.leases import Leases

TaskKind = Literal["expire", "pay", "cancel", "refund"]


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work.

    Args:
        kind: ``expire`` a booking that is not paid, find out how an attempt to ``pay`` ended,
            ``cancel``, or ``refund``.
        subject: What it is done to: booking, attempt or payment.
        booking_id: Of the booking it is about.
        begun_at: When it was written down.
        due_at: When somebody else may do it.
        details: What it needs to know.
    """

    kind: TaskKind
    subject: str
    booking_id: str
    begun_at: datetime
    due_at: datetime
    details: Mapping[str, Any]

    @property
    def task_id(self) -> str:
        """Its ``_id``."""
        return f"{self.kind}:{self.subject}"


class Tasks:
    """Repository of tasks.

    Args:
        collection: Returns time-zone aware datetimes.
        leases: Of the tasks that are being done.
    """

    def __init__(
        self, collection: Collection[dict[str, Any]], leases: Collection[dict[str, Any]]
    ) -> None:
        self._collection = collection
        self.leases = Leases(leases)

    def add(self, task: Task) -> None:
        """Write a task down; one that is there is left as it is."""
        document = {
            "_id": task.task_id,
            "kind": task.kind,
            "subject": task.subject,
            "booking_id": task.booking_id,
            "begun_at": task.begun_at,
            "due_at": task.due_at,
            "details": dict(task.details),
        }
        try:
            self._collection.insert_one(document)
        except DuplicateKeyError:
            return

    def due(self, now: datetime, limit: int) -> list[Task]:
        """Tasks that somebody should do, those that wait longest first."""
        found = self._collection.find({"due_at": {"$lte": now}}, sort=[("due_at", 1)], limit=limit)
        return [
            Task(**{name: value for name, value in document.items() if name != "_id"})
            for document in found
        ]

    def is_open(self, task: Task) -> bool:
        """Whether it is still to be done."""
        return self._collection.find_one({"_id": task.task_id}, {"_id": True}) is not None

    def put_off(self, task: Task, due_at: datetime) -> None:
        """Try it later. Nothing is decided by this, so it may get lost."""
        self._collection.update_one({"_id": task.task_id}, {"$set": {"due_at": due_at}})

    def remove(self, kind: TaskKind, subject: str) -> None:
        """It is done."""
        self._collection.delete_one({"_id": f"{kind}:{subject}"})

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        self._collection.create_index("due_at")
        self.leases.create_indexes()
