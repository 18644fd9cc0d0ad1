"""The recovery pass: what a crash left is completed or given back, what nobody paid expires, and
each task is done by one worker.
"""

import gevent
import pytest
from gevent.event import Event

from service.sessions.context import LOG
from tests.machine import PATIENCE_SECONDS
from tests.service.sessions.conftest import problem
from tests.service.sessions.provider import Crash


def test_a_crash_between_payment_and_booking_is_found_and_completed(world):
    session_id = world.booked()
    world.provider.crash_after = "pay"
    with pytest.raises(Crash):
        world.pay(session_id)
    assert (world.status(session_id), world.provider.balance()) == (
        "pending_payment",
        {"pi_1": 9001},
    )

    assert problem(world.pay(session_id))[:2] == (409, "urn:serene:problem:request-in-progress")
    assert world.recovery.run_pass() == 0  # its request may still be at work
    world.clock.forward(seconds=61)
    assert world.recovery.run_pass() == 1
    assert (world.status(session_id), world.tasks()) == ("paid", [])
    assert world.results() == {"booked": 1.0, "paid": 1.0, "recovered": 1.0}
    assert world.pay(session_id).get_json()["status"] == "paid"
    assert world.provider.calls == [f"pay:{session_id}:1"] * 2
    world.assert_money_agrees()


def test_the_same_request_sent_again_completes_it_too(world):
    session_id = world.booked()
    world.provider.crash_after = "pay"
    with pytest.raises(Crash):
        world.pay(session_id)
    world.clock.forward(seconds=61)
    assert world.pay(session_id).get_json()["status"] == "paid"
    world.assert_money_agrees()


def test_a_killed_greenlet_is_a_crash_like_any_other(world):
    session_id = world.booked()
    arrived, go_on = Event(), Event()
    pay = world.provider.pay

    def held(**given):
        payment = pay(**given)
        arrived.set()
        go_on.wait()
        return payment

    world.provider.pay = held
    request = gevent.spawn(world.bookings.pay, world.kept.bookings.get(session_id), "pm_card")
    assert arrived.wait(PATIENCE_SECONDS)
    request.kill()
    world.provider.pay = pay
    world.recover()
    assert (world.status(session_id), world.tasks()) == ("paid", [])
    world.assert_money_agrees()


def test_a_payment_that_comes_when_the_slot_is_sold_to_another_is_given_back(world):
    session_id = world.booked()
    world.provider.status = "processing"
    assert world.pay(session_id).status_code == 202
    world.clock.forward(seconds=901)
    world.recovery.run_pass()
    assert world.status(session_id) == "expired"

    world.provider.status = "succeeded"
    other = world.paid(account_id=world.other)
    world.provider.complete("pi_1", "succeeded")
    world.recover()
    assert (world.status(session_id), world.status(other), world.tasks()) == ("expired", "paid", [])
    assert world.provider.balance() == {"pi_1": 0, "pi_2": 9001}
    assert world.results()["surplus"] == 1.0
    world.assert_money_agrees()


def test_the_webhook_gives_it_back_as_well_and_only_once(world):
    session_id = world.booked()
    world.provider.status = "action_required"
    world.pay(session_id)
    world.cancel(session_id)
    world.provider.complete("pi_1", "succeeded")
    event = {"booking_id": session_id, "payment_id": "pi_1", "amount": 9001, "currency": "EUR"}
    calls = [gevent.spawn(world.payment_events.payment_succeeded, **event) for _ in range(5)]
    gevent.joinall(calls, raise_error=True)
    world.recover()
    assert (world.status(session_id), world.provider.balance(), world.tasks()) == (
        "cancelled",
        {"pi_1": 0},
        [],
    )
    assert world.results()["refunded"] == 1.0


def test_a_payment_whose_task_is_gone_is_still_watched_once_its_booking_is_over(world):
    session_id = world.booked()
    world.provider.status = "processing"
    world.pay(session_id)
    # As when its process paused between task and attempt for so long that the pass found a task
    # without one.
    world.kept.tasks.remove("pay", f"{session_id}:1")
    world.clock.forward(seconds=901)
    world.recovery.run_pass()
    assert (world.status(session_id), world.tasks()) == ("expired", [f"pay:{session_id}:1"])


def test_a_booking_that_nobody_pays_expires_and_its_slot_is_free(world):
    session_id = world.booked()
    world.clock.forward(seconds=899)
    assert (world.recovery.run_pass(), world.status(session_id)) == (0, "pending_payment")
    world.clock.forward(seconds=1)
    assert (world.recovery.run_pass(), world.status(session_id)) == (1, "expired")
    assert world.results() == {"booked": 1.0, "expired": 1.0}
    assert world.book(world.other).status_code == 201
    assert world.provider.calls == []


def test_a_booking_whose_payment_is_not_known_does_not_expire(world):
    session_id = world.booked()
    world.provider.lost_answers = 100
    assert world.pay(session_id).status_code == 503
    world.clock.forward(seconds=901)
    assert (world.recovery.run_pass(), world.status(session_id)) == (0, "pending_payment")
    assert problem(world.book(world.other))[0] == 409
    world.provider.lost_answers = 0
    world.recover()
    assert (world.status(session_id), world.tasks()) == ("paid", [])
    world.assert_money_agrees()


def test_a_payment_is_not_asked_for_when_the_provider_may_have_forgotten_its_key(world, caplog):
    session_id = world.booked()
    world.provider.status = "processing"
    world.pay(session_id)
    world.clock.forward(seconds=world.settings.payment_watch_seconds)
    world.recovery.run_pass()
    assert world.provider.calls == [f"pay:{session_id}:1"]
    assert (world.status(session_id), world.tasks()) == ("expired", [])
    assert world.results()["abandoned"] == 1.0
    assert [record.getMessage() for record in caplog.records if record.name == LOG.name] == [
        f"the result of payment {session_id}:1 is unknown for good: check it at the provider"
    ]


def test_a_payment_under_way_is_asked_about_less_and_less(world):
    world.provider.status = "processing"
    world.pay(world.booked())
    asked = len(world.provider.calls)
    for _ in range(12 * 60):
        world.clock.forward(seconds=60)
        world.recovery.run_pass()
    assert asked < len(world.provider.calls) < 25


def test_two_workers_do_a_task_once(world):
    session_id = world.booked()
    world.provider.lost_answers = 1
    world.pay(session_id)
    world.provider.latency_seconds = 0.2
    world.clock.forward(seconds=61)
    second = world.new_recovery()
    passes = [
        gevent.spawn(recovery.run_pass)
        for recovery in (world.recovery, second, world.new_recovery())
    ]
    gevent.joinall(passes, raise_error=True)
    assert sum(one.value for one in passes) == 1
    assert world.provider.calls == [f"pay:{session_id}:1"] * 2


def test_a_worker_that_died_at_a_task_is_followed_by_another(world):
    session_id = world.booked()
    world.provider.lost_answers = 1
    world.pay(session_id)
    world.clock.forward(seconds=61)
    world.provider.crash_after = "pay"
    with pytest.raises(Crash):
        world.recovery.run_pass()
    assert world.recovery.run_pass() == 0
    world.clock.forward(seconds=61)
    assert world.recovery.run_pass() == 1
    assert world.status(session_id) == "paid"


def test_a_task_that_cannot_be_done_does_not_keep_the_others(world, caplog):
    broken, good = (
        world.booked(),
        world.booked(starts_at=world.offer(world.starts_at.replace(minute=30)).starts_at),
    )
    for session_id in (broken, good):
        world.provider.lost_answers = 1
        world.pay(session_id, f"key-{session_id}")
    pay = world.provider.pay

    def fails(**given):
        if given["booking_id"] == broken:
            raise RuntimeError("a bug")
        return pay(**given)

    world.provider.pay = fails
    world.clock.forward(seconds=61)
    assert world.recovery.run_pass() == 1
    assert (world.status(broken), world.status(good)) == ("pending_payment", "paid")
    assert [record.getMessage() for record in caplog.records if record.name == LOG.name] == [
        f"task pay of booking {broken}"
    ]


def test_answers_and_leases_are_forgotten_after_their_time(world):
    world.paid()
    names = ("answers", "answer_leases", "booking_leases", "booking_tasks")
    assert world.database["answers"].count_documents({}) == 1
    world.clock.forward(seconds=world.settings.idempotency_seconds + 61)
    world.recovery.run_pass()
    assert {name: world.database[name].count_documents({}) for name in names} == dict.fromkeys(
        names, 0
    )


def test_the_pass_is_made_again_and_again_in_the_background(world):
    passes, waits = Event(), []

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            passes.set()
            Event().wait()

    session_id = world.booked()
    world.clock.forward(seconds=901)
    recovery = world.new_recovery(sleep=sleep)
    recovery.start()
    recovery.start()
    assert passes.wait(PATIENCE_SECONDS)
    recovery.stop()
    assert (waits, world.status(session_id)) == ([30.0] * 3, "expired")


def test_every_worker_makes_it_in_the_background(world):
    assert "sessions.book_session" in world.app.view_functions
    assert world.recovery.start in world.telemetry._on_start
