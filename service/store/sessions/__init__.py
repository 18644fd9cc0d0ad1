"""Everything of sessions that is kept: therapists, slots and their sales, bookings, work to be
finished, answers given.

What must happen once is an insert under a natural key (``facts``); no conditional update and no
delete decides anything. What a crash leaves behind, by the point where it struck, and who finds it:

| after | is left | the recovery pass | |---|---|---| | the task ``expire`` | a task without a
booking | decides ``expired``, so that the booking is over should it still come | | the sale of the
slot | a slot sold to a booking that is not there | the same, which frees the slot | | the booking |
a booking that waits for its payment | the member may pay it; else it expires | | the task ``pay``,
the attempt | an attempt whose result is not known | asks the provider again with the same key | |
the provider's answer | the same | the same: the provider says the same again | | the result | a
payment that nobody decided on | decides ``paid``, or gives the money back when it was decided
otherwise | | the outcome | a paid booking, the therapist perhaps not yet in charge | says so again
| | the task ``cancel`` | a wish to cancel, with its refund | carries it out | | the cancellation,
the task ``refund`` | money that is owed | pays it back with the same key | | the provider's refund
| the same | the same: the provider says the same again | | work under an ``Idempotency-Key`` | a
lease | nothing; it runs out, and the request that is sent again does all that is left |
"""

from typing import Any

from pymongo.database import Database

from service.store.sessions.answers import Answers, InProgress, OtherRequest, StoredAnswer
from service.store.sessions.bookings import (
    Attempt,
    Booking,
    BookingState,
    BookingStore,
    Cancellation,
    Canceller,
    Outcome,
    Party,
    Result,
    Status,
    attempt_name,
)
from service.store.sessions.slots import Slot, Slots, slot_id
from service.store.sessions.tasks import Task, TaskKind, Tasks
from service.store.sessions.therapists import Therapist, Therapists

__all__ = [
    "Answers",
    "Attempt",
    "Booking",
    "BookingState",
    "BookingStore",
    "Cancellation",
    "Canceller",
    "InProgress",
    "OtherRequest",
    "Outcome",
    "Party",
    "Result",
    "Sessions",
    "Slot",
    "Slots",
    "Status",
    "StoredAnswer",
    "Task",
    "TaskKind",
    "Tasks",
    "Therapist",
    "Therapists",
    "attempt_name",
    "slot_id",
]


class Sessions:
    """The repositories of sessions.

    Args:
        database: Returns time-zone aware datetimes.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.therapists = Therapists(database["therapists"])
        self.bookings = BookingStore(database)
        self.slots = Slots(
            database["slots"],
            database["slot_sales"],
            database["slots_reopened"],
            self.bookings.over,
        )
        self.tasks = Tasks(database["booking_tasks"], database["booking_leases"])
        self.answers = Answers(database["answers"], database["answer_leases"])

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        self.bookings.create_indexes()
        self.tasks.create_indexes()
        self.answers.create_indexes()
