"""A service with one therapist and one slot, a clock and a provider that the test controls."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from service.bootstrap import Service
from service.mongo.clock import utc_now
from service.payments.gateway import PaymentGateway
from service.sessions.model import BookingStatus, Slot, Therapist
from service.sessions.recovery import Recovery
from service.sessions.room import SessionsRoom
from service.sessions.settings import SessionSettings
from tests.clock import Clock
from tests.service.sessions.factories import new_slot, new_therapist
from tests.service.sessions.provider import Provider


class Clinic:
    """The parts that tests of the room use.

    Args:
        build_service: The fixture.
        payments: A gateway to use instead of ``Provider``.
    """

    def __init__(
        self, build_service: Callable[..., Service], payments: PaymentGateway | None = None
    ) -> None:
        self.clock, self.provider = Clock(utc_now()), Provider()
        self.service = build_service(payments=payments or self.provider, now=self.clock)
        self.room = self.service.room(SessionsRoom)
        self.database = self.service.mongo.database
        self.member, self.other, self.therapist = (str(uuid4()) for _ in range(3))
        self.put_therapist(self.therapist)
        first_hour = self.clock.now + timedelta(days=3)
        self.starts_at = first_hour.replace(minute=0, second=0, microsecond=0)
        self.slot = self.offer(self.starts_at)

    @property
    def settings(self) -> SessionSettings:
        """The rules of bookings."""
        return self.service.settings.sessions

    def put_therapist(self, therapist_id: str, **changes: object) -> Therapist:
        """Store a profile."""
        profile = new_therapist(therapist_id, **changes)
        self.room.repositories.therapists.put(profile)
        return profile

    def offer(self, starts_at: datetime) -> Slot:
        """Open a slot of the therapist."""
        slot = new_slot(self.therapist, starts_at)
        self.room.repositories.slots.offer(slot)
        return slot

    def status(self, session_id: str) -> BookingStatus:
        """Return the status of a booking."""
        bookings = self.room.repositories.bookings
        booking = bookings.get(session_id)
        assert booking is not None
        return bookings.state_of(booking).status

    def results(self) -> dict[str, float]:
        """Return ``serene_bookings_total`` by result."""
        registry = self.service.telemetry.registry
        families = registry.restricted_registry(["serene_bookings_total"]).collect()
        samples = [sample for family in families for sample in family.samples]
        return {sample.labels["result"]: sample.value for sample in samples}

    def tasks(self) -> list[str]:
        """Return the ids of the open tasks."""
        return sorted(task["_id"] for task in self.database["booking_tasks"].find())

    def new_recovery(self, **options: object) -> Recovery:
        """Return the recovery of another worker."""
        return Recovery(self.room.context, self.room.tasks.run, **options)

    def recover(self) -> None:
        """Let every lease and every wait run out, and make passes until no task is left."""
        for _ in range(4):
            self.clock.forward(seconds=self.settings.booking_unpaid_seconds + 60)
            self.room.recovery.run_pass()
