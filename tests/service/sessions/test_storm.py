"""Many clients, workers and faults in a random order; in the end money and bookings agree."""

import random
from contextlib import suppress

import gevent
import pytest

from service.payments.gateway import PaymentsUnavailable
from service.sessions.booking import SlotNotFound, SlotTaken
from service.sessions.context import BookingClosed
from tests.service.sessions.ledger import assert_money_agrees
from tests.service.sessions.provider import Crash, after_writes

EXPECTED = (BookingClosed, SlotNotFound, SlotTaken, PaymentsUnavailable)


class Storm:
    """Clients that call at random, some of which die."""

    def __init__(self, clinic, chance: random.Random) -> None:
        self._clinic, self._chance = clinic, chance
        self._starts = [
            clinic.offer(clinic.starts_at.replace(hour=hour)).starts_at for hour in (1, 2, 3)
        ]
        self._ids: list[str] = []

    def client(self, name: str) -> None:
        """Call until the client is done or its process dies."""
        with suppress(Crash):
            self._live(name)

    def worker(self) -> None:
        """Make passes, each as another worker."""
        for _ in range(6):
            with suppress(Crash):
                self._clinic.new_recovery().run_pass()
            gevent.sleep(0.01)

    def _live(self, name: str) -> None:
        for _ in range(8):
            # What is settable of the provider is the same for all, so it changes under them.
            self._clinic.provider.lost_responses += self._chance.choice((0, 0, 0, 1))
            self._clinic.provider.status = self._chance.choice(
                ("succeeded", "succeeded", "declined", "processing")
            )
            self._clinic.clock.forward(seconds=self._chance.choice((0, 1, 200)))
            with suppress(*EXPECTED):
                self._one_step(name)

    def _one_step(self, name: str) -> None:
        bookings = self._clinic.room.bookings
        step = self._chance.choice(("book", "pay", "pay", "cancel", "webhook"))
        if step == "book" or not self._ids:
            self._ids.append(
                bookings.book(
                    name, self._clinic.therapist, self._chance.choice(self._starts)
                ).booking_id
            )
            return
        booking = self._clinic.room.repositories.bookings.get(self._chance.choice(self._ids))
        if step == "pay":
            bookings.pay(booking, "pm_card")
        elif step == "cancel":
            bookings.cancel(booking, self._chance.choice(("member", "therapist")))
        else:
            self._webhook()

    def _webhook(self) -> None:
        keys = [
            key
            for key, payment in self._clinic.provider.payments.items()
            if payment.status in ("processing", "succeeded")
        ]
        if not keys:
            return
        key = self._chance.choice(keys)
        payment = self._clinic.provider.payments[key]
        event = {
            "booking_id": key.split(":")[1],
            "payment_id": payment.payment_id,
            "amount": payment.amount,
            "currency": payment.currency,
        }
        self._clinic.provider.complete(payment.payment_id, "succeeded")
        self._clinic.room.payment_events.payment_succeeded(**event)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_storm_money_and_bookings_agree(clinic, seed, monkeypatch):
    chance = random.Random(seed)
    storm = Storm(clinic, chance)
    clinic.provider.latency_seconds = 0.005
    after_writes(monkeypatch, lambda: chance.random() < 0.03)
    clients = [gevent.spawn(storm.client, f"client-{number}") for number in range(12)]
    workers = [gevent.spawn(storm.worker) for _ in range(2)]
    gevent.joinall(clients + workers, raise_error=True)
    monkeypatch.undo()

    clinic.provider.lost_responses, clinic.provider.status = 0, "succeeded"
    for payment in list(clinic.provider.payments.values()):
        if payment.status == "processing":
            clinic.provider.complete(payment.payment_id, chance.choice(("succeeded", "declined")))
    for _ in range(4):
        clinic.recover()
    assert clinic.tasks() == []
    assert_money_agrees(clinic)
