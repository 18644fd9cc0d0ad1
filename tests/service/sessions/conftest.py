"""Bookings through the app, on the real database, with a provider and a clock of the test's own."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from service.accounts.access_tokens import Identity
from service.accounts.room import AccountsRoom
from service.bootstrap import Service
from service.mongo.clock import utc_now
from service.sessions.model import Slot, Therapist
from service.sessions.recovery import Recovery
from service.sessions.room import SessionsRoom
from tests.clock import Clock
from tests.service.clients import PATIENT
from tests.service.members import bearer
from tests.service.sessions.provider import Provider

API = "/api/v1"


class World:
    """Everything of a test: who there is, and what they can do."""

    def __init__(self, build_service, payments=None) -> None:
        self.clock, self.provider = Clock(utc_now()), Provider()
        self.service = build_service(payments=payments or self.provider, now=self.clock)
        self.settings, self.telemetry = self.service.settings.sessions, self.service.telemetry
        room = self.service.room(SessionsRoom)
        self.room, self.kept, self.bookings = room, room.repositories, room.bookings
        self.payment_events, self.recovery = room.payment_events, room.recovery
        self.app, self.database = self.service.app, self.service.mongo.database
        self._tokens = self.service.room(AccountsRoom).access_tokens
        self.member, self.other, self.therapist = (str(uuid4()) for _ in range(3))
        self.put_therapist(self.therapist)
        self.starts_at = (self.clock.now + timedelta(days=3)).replace(
            minute=0, second=0, microsecond=0
        )
        self.slot = self.offer(self.starts_at)

    def put_therapist(self, therapist_id: str, **changes) -> Therapist:
        fields = {
            "name": "Grace Hopper",
            "title": "Psychologist",
            "languages": ("en", "de"),
            "specialties": ("sleep",),
            "amount": 9001,
            "currency": "eur",
            "bio": "",
        }
        found = Therapist(therapist_id, **fields | changes)
        self.kept.therapists.put(found)
        return found

    def offer(self, starts_at: datetime) -> Slot:
        slot = Slot(self.therapist, starts_at, starts_at + timedelta(seconds=3000), 9001, "eur")
        self.kept.slots.offer(slot)
        return slot

    def headers(
        self, account_id: str, role: str = "member", key: str | None = None
    ) -> dict[str, str]:
        token = self._tokens.issue(Identity(account_id, role))
        return bearer(token) | ({"Idempotency-Key": key} if key else {})

    def get(self, path: str, account_id: str | None = None, role: str = "member"):
        return self.app.test_client().get(
            f"{API}{path}", headers=self.headers(account_id, role) if account_id else {}
        )

    def post(
        self,
        path: str,
        body=None,
        account_id: str | None = None,
        key: str | None = None,
        role: str = "member",
    ):
        headers = self.headers(account_id or self.member, role, key)
        return self.app.test_client().post(f"{API}{path}", json=body, headers=headers)

    def book(self, account_id: str | None = None, starts_at: datetime | None = None):
        body = {
            "therapist_id": self.therapist,
            "starts_at": (starts_at or self.starts_at).isoformat(),
        }
        return self.post("/sessions", body, account_id)

    def booked(self, **given) -> str:
        """The id of a new booking."""
        response = self.book(**given)
        assert response.status_code == 201, response.get_data(as_text=True)
        return response.get_json()["id"]

    def pay(
        self,
        session_id: str,
        key: str = "key-1",
        method: str = "pm_card",
        account_id: str | None = None,
    ):
        return self.post(
            f"/sessions/{session_id}/payment", {"payment_method": method}, account_id, key
        )

    def paid(self, account_id: str | None = None, **given) -> str:
        """The id of a new booking that is paid."""
        session_id = self.booked(account_id=account_id, **given)
        response = self.pay(session_id, f"paid-{session_id}", account_id=account_id)
        assert (response.status_code, response.get_json()["status"]) == (200, "paid")
        return session_id

    def cancel(self, session_id: str, key: str = "cancel-1", account_id: str | None = None):
        return self.post(f"/sessions/{session_id}/cancellation", None, account_id, key)

    def status(self, session_id: str) -> str:
        return self.kept.bookings.state_of(self.kept.bookings.get(session_id)).status

    def results(self) -> dict[str, float]:
        families = self.telemetry.registry.restricted_registry(["serene_bookings_total"]).collect()
        return {
            sample.labels["result"]: sample.value
            for family in families
            for sample in family.samples
        }

    def new_recovery(self, **options) -> Recovery:
        """Return the recovery of another worker."""
        return Recovery(self.room.context, self.room.tasks.run, **options)

    def recover(self) -> None:
        """Let every lease and every wait run out, and make passes until nothing is left to do."""
        for _ in range(4):
            self.clock.forward(seconds=self.settings.booking_unpaid_seconds + 60)
            self.recovery.run_pass()

    def tasks(self) -> list[str]:
        return sorted(task["_id"] for task in self.database["booking_tasks"].find())

    def assert_money_agrees(self) -> None:
        """What the provider holds is what the bookings say: nothing taken twice, nothing kept for
        nothing, no slot sold twice.
        """
        balance = {payment_id: left for payment_id, left in self.provider.balance().items() if left}
        expected, slots = {}, []
        for found in self.database["bookings"].find():
            state = self.kept.bookings.state_of(self.kept.bookings.get(found["_id"]))
            if state.outcome and state.outcome.kind == "paid":
                kept = state.booking.amount - (
                    state.cancellation.refund_amount if state.cancellation else 0
                )
                expected |= {state.outcome.payment_id: kept} if kept else {}
            if state.status in ("paid", "pending_payment"):
                slots.append((state.booking.therapist_id, state.booking.starts_at))
        assert balance == expected
        assert len(set(slots)) == len(slots)


@pytest.fixture
def environ(database_uri) -> dict[str, str]:
    """With limits; hundreds of requests at once share ten connections."""
    cheap = {"PASSWORD_TIME_COST": "1", "PASSWORD_MEMORY_KIB": "8"}
    return {"MONGODB_URI": database_uri, **cheap, **PATIENT}


@pytest.fixture
def world(build_service) -> World:
    return World(build_service)


@pytest.fixture
def service(world) -> Service:
    """The service of the world."""
    return world.service


def problem(response) -> tuple[int, str, str]:
    """Status, type and detail of a problem."""
    body = response.get_json(force=True)
    assert (response.content_type, body["status"]) == (
        "application/problem+json",
        response.status_code,
    )
    return response.status_code, body["type"], body["detail"]
