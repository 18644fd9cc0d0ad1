"""Tasks in MongoDB: work on bookings, recorded before it begins, so that a crash cannot lose it.

A task may be carried out twice and by two workers at once; the worker that finishes it removes it.
"""

from collections.abc import Set
from datetime import datetime
from typing import Any, Final

from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.mongo.indexes import Indexes
from service.mongo.leases import Leases
from service.sessions.model import Task, TaskKind

INDEX: Final = IndexModel("due_at")


class TaskRepository:
    """Repository of tasks.

    Args:
        collection: Returns time-zone aware datetimes.
        leases: Of the tasks that are being carried out.
    """

    def __init__(
        self, collection: Collection[dict[str, Any]], leases: Collection[dict[str, Any]]
    ) -> None:
        self._collection = collection
        self.leases = Leases(leases)

    def add(self, task: Task) -> None:
        """Store a task; one that exists is left as it is."""
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
        """Return tasks that are due, the longest waiting first."""
        found = self._collection.find({"due_at": {"$lte": now}}, sort=[("due_at", 1)], limit=limit)
        return [
            Task(**{name: value for name, value in document.items() if name != "_id"})
            for document in found
        ]

    def oldest(self, kinds: Set[TaskKind]) -> datetime | None:
        """Return when the oldest open task of these kinds began; ``None`` without one."""
        query = {"kind": {"$in": sorted(kinds)}}
        found = self._collection.find_one(query, {"begun_at": True}, sort=[("begun_at", 1)])
        begun: datetime | None = found["begun_at"] if found else None
        return begun

    def is_open(self, task: Task) -> bool:
        """Return whether a task is not finished."""
        return self._collection.find_one({"_id": task.task_id}, {"_id": True}) is not None

    def postpone(self, task: Task, due_at: datetime) -> None:
        """Try a task again later. Nothing depends on this write, so it may be lost."""
        self._collection.update_one({"_id": task.task_id}, {"$set": {"due_at": due_at}})

    def remove(self, kind: TaskKind, subject: str) -> None:
        """Remove a finished task."""
        self._collection.delete_one({"_id": f"{kind}:{subject}"})

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._collection, INDEX)
        self.leases.add_indexes(indexes)
