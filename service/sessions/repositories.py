"""Everything of sessions that is kept: therapists, slots and their sales, bookings, open tasks,
stored responses.

What must happen once is an insert under a natural key (``mongo.write_once``); no conditional update
and no delete decides anything. ``README.md`` has a table of what a crash leaves behind.
"""

from typing import Any

from pymongo.database import Database

from service.mongo.idempotency import IdempotencyStore
from service.sessions.care_repository import Care
from service.sessions.repository import BookingStore
from service.sessions.slot_repository import Slots
from service.sessions.task_repository import Tasks
from service.sessions.therapist_repository import Therapists


class SessionRepositories:
    """The repositories of sessions.

    Args:
        database: Returns time-zone aware datetimes.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.therapists = Therapists(database["therapists"])
        self.care = Care(database["care"])
        self.bookings = BookingStore(database)
        self.slots = Slots(
            database["slots"],
            database["slot_sales"],
            database["slots_reopened"],
            self.bookings.over,
        )
        self.tasks = Tasks(database["booking_tasks"], database["booking_leases"])
        self.answers = IdempotencyStore(database["answers"], database["answer_leases"])

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        self.bookings.create_indexes()
        self.tasks.create_indexes()
        self.answers.create_indexes()
