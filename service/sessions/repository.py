"""The room's data: therapists, care, bookings, slots, tasks and stored responses.

What must happen once is an insert under a natural key (``mongo.write_once``); no conditional update
and no delete decides anything. ``README.md`` has a table of the states that a crash leaves.
"""

from typing import Any

from pymongo.database import Database

from service.mongo.consistency import PublicReads
from service.mongo.idempotency import IdempotencyStore
from service.mongo.indexes import Indexes
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
        public_reads: For profiles as anyone may read them.
    """

    def __init__(self, database: Database[dict[str, Any]], public_reads: PublicReads) -> None:
        profiles = database["therapists"]
        self.therapists = TherapistRepository(profiles, public_reads.of(profiles))
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

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of the room's queries to the list."""
        self.bookings.add_indexes(indexes)
        self.tasks.add_indexes(indexes)
        self.profile_leases.add_indexes(indexes)
        self.responses.add_indexes(indexes)
