"""The room's data: therapists, care, bookings, slots, tasks and stored responses.

What must happen once is an insert under a natural key (``mongo.write_once``); no conditional update
and no delete decides anything. ``README.md`` has a table of the states that a crash leaves.
"""

from typing import Any

from pymongo.database import Database

from service.mongo.idempotency import IdempotencyStore
from service.mongo.leases import Leases
from service.sessions.booking_repository import BookingRepository
from service.sessions.care_repository import CareRepository
from service.sessions.slot_repository import SlotRepository
from service.sessions.task_repository import TaskRepository
from service.sessions.therapist_repository import TherapistRepository


class SessionRepositories:
    """The repositories of sessions.

    Args:
        database: Returns time-zone aware datetimes.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.therapists = TherapistRepository(database["therapists"])
        self.profile_leases = Leases(database["therapist_leases"])
        self.care = CareRepository(database["care"])
        self.bookings = BookingRepository(database)
        self.slots = SlotRepository(
            database["slots"],
            database["slot_sales"],
            database["slots_reopened"],
            self.bookings.ended,
        )
        self.tasks = TaskRepository(database["booking_tasks"], database["booking_leases"])
        self.responses = IdempotencyStore(database["answers"], database["answer_leases"])

    def create_indexes(self) -> None:
        """Create the indexes that are missing."""
        self.bookings.create_indexes()
        self.tasks.create_indexes()
        self.profile_leases.create_indexes()
        self.responses.create_indexes()
