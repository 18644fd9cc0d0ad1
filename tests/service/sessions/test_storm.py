"""Many clients, workers and faults at once, in an order that differs every time; at the end all
accounts agree.
"""

import random
from contextlib import suppress

import gevent
import pytest

from service.payments.gateway import PaymentsUnavailable
from service.sessions.booking import SlotNotFound, SlotTaken
from service.sessions.context import BookingClosed
from tests.service.sessions.provider import Crash, after_writes

EXPECTED = (BookingClosed, SlotNotFound, SlotTaken, PaymentsUnavailable)


class Storm:
    """Clients that do whatever they can, some of whom die."""

    def __init__(self, world, chance: random.Random) -> None:
        self._world, self._chance = world, chance
        self._starts = [
            world.offer(world.starts_at.replace(hour=hour)).starts_at for hour in (1, 2, 3)
        ]
        self._ids: list[str] = []

    def client(self, name: str) -> None:
        """One client's life, to its end or to its process's."""
        with suppress(Crash):
            self._live(name)

    def worker(self) -> None:
        """A worker's recovery, again and again, each in a process of its own."""
        for _ in range(6):
            with suppress(Crash):
                self._world.new_recovery().run_pass()
            gevent.sleep(0.01)

    def _live(self, name: str) -> None:
        for _ in range(8):
            # What is settable of the provider is the same for all, so it changes under them.
            self._world.provider.lost_answers += self._chance.choice((0, 0, 0, 1))
            self._world.provider.status = self._chance.choice(
                ("succeeded", "succeeded", "declined", "processing")
            )
            self._world.clock.forward(seconds=self._chance.choice((0, 1, 200)))
            with suppress(*EXPECTED):
                self._one_step(name)

    def _one_step(self, name: str) -> None:
        bookings = self._world.bookings
        step = self._chance.choice(("book", "pay", "pay", "cancel", "webhook"))
        if step == "book" or not self._ids:
            self._ids.append(
                bookings.book(
                    name, self._world.therapist, self._chance.choice(self._starts)
                ).booking_id
            )
            return
        booking = self._world.kept.bookings.get(self._chance.choice(self._ids))
        if step == "pay":
            bookings.pay(booking, "pm_card")
        elif step == "cancel":
            bookings.cancel(booking, self._chance.choice(("member", "therapist")))
        else:
            self._webhook()

    def _webhook(self) -> None:
        keys = [
            key
            for key, payment in self._world.provider.payments.items()
            if payment.status in ("processing", "succeeded")
        ]
        if not keys:
            return
        key = self._chance.choice(keys)
        payment = self._world.provider.payments[key]
        event = {
            "booking_id": key.split(":")[1],
            "payment_id": payment.payment_id,
            "amount": payment.amount,
            "currency": payment.currency,
        }
        self._world.provider.complete(payment.payment_id, "succeeded")
        self._world.payment_events.payment_succeeded(**event)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_storm_money_and_bookings_agree(world, seed, monkeypatch):
    chance = random.Random(seed)
    storm = Storm(world, chance)
    world.provider.latency_seconds = 0.005
    after_writes(monkeypatch, lambda: chance.random() < 0.03)
    clients = [gevent.spawn(storm.client, f"client-{number}") for number in range(12)]
    workers = [gevent.spawn(storm.worker) for _ in range(2)]
    gevent.joinall(clients + workers, raise_error=True)
    monkeypatch.undo()

    world.provider.lost_answers, world.provider.status = 0, "succeeded"
    for payment in list(world.provider.payments.values()):
        if payment.status == "processing":
            world.provider.complete(payment.payment_id, chance.choice(("succeeded", "declined")))
    for _ in range(4):
        world.recover()
    assert world.tasks() == []
    world.assert_money_agrees()
