"""The recovery pass: completes or refunds what a crash left, and ends unpaid bookings.

Each task is carried out by one worker.
"""

import gevent
import pytest
from gevent.event import Event

from service.mongo.leases import KEPT_SECONDS
from service.sessions.context import LOG
from tests.machine import PATIENCE_SECONDS
from tests.service.sessions.api import problem
from tests.service.sessions.ledger import assert_money_agrees
from tests.service.sessions.provider import Crash


def test_a_crash_between_payment_and_booking_is_found_and_completed(clinic, api):
    session_id = api.booked()
    clinic.provider.crash_after = "pay"
    with pytest.raises(Crash):
        api.pay(session_id)
    assert (clinic.status(session_id), clinic.provider.balance()) == (
        "pending_payment",
        {"pi_1": 9001},
    )

    assert problem(api.pay(session_id))[:2] == (409, "urn:serene:problem:request-in-progress")
    assert clinic.room.recovery.run_pass() == 0  # its request may still be at work
    clinic.clock.forward(seconds=61)
    assert clinic.room.recovery.run_pass() == 1
    assert (clinic.status(session_id), clinic.tasks()) == ("paid", [])
    assert clinic.results() == {"booked": 1.0, "paid": 1.0, "recovered": 1.0}
    assert api.pay(session_id).get_json()["status"] == "paid"
    assert clinic.provider.calls == [f"pay:{session_id}:1"] * 2
    assert_money_agrees(clinic)


def test_repeated_request_completes_a_crashed_payment(clinic, api):
    session_id = api.booked()
    clinic.provider.crash_after = "pay"
    with pytest.raises(Crash):
        api.pay(session_id)
    clinic.clock.forward(seconds=61)
    assert api.pay(session_id).get_json()["status"] == "paid"
    assert_money_agrees(clinic)


def test_a_killed_greenlet_is_a_crash_like_any_other(clinic, api):
    session_id = api.booked()
    arrived, go_on = Event(), Event()
    pay = clinic.provider.pay

    def held(**given):
        payment = pay(**given)
        arrived.set()
        go_on.wait()
        return payment

    clinic.provider.pay = held
    request = gevent.spawn(
        clinic.room.bookings.pay, clinic.room.repositories.bookings.get(session_id), "pm_card"
    )
    assert arrived.wait(PATIENCE_SECONDS)
    request.kill()
    clinic.provider.pay = pay
    clinic.recover()
    assert (clinic.status(session_id), clinic.tasks()) == ("paid", [])
    assert_money_agrees(clinic)


def test_payment_after_the_slot_was_sold_again_is_refunded(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "processing"
    assert api.pay(session_id).status_code == 202
    clinic.clock.forward(seconds=901)
    clinic.room.recovery.run_pass()
    assert clinic.status(session_id) == "expired"

    clinic.provider.status = "succeeded"
    other = api.paid(account_id=clinic.other)
    clinic.provider.complete("pi_1", "succeeded")
    clinic.recover()
    assert (clinic.status(session_id), clinic.status(other), clinic.tasks()) == (
        "expired",
        "paid",
        [],
    )
    assert clinic.provider.balance() == {"pi_1": 0, "pi_2": 9001}
    assert clinic.results()["surplus"] == 1.0
    assert_money_agrees(clinic)


def test_webhook_of_a_late_payment_refunds_it_once(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "action_required"
    api.pay(session_id)
    api.cancel(session_id)
    clinic.provider.complete("pi_1", "succeeded")
    event = {"booking_id": session_id, "payment_id": "pi_1", "amount": 9001, "currency": "EUR"}
    calls = [gevent.spawn(clinic.room.payment_events.payment_succeeded, **event) for _ in range(5)]
    gevent.joinall(calls, raise_error=True)
    clinic.recover()
    assert (clinic.status(session_id), clinic.provider.balance(), clinic.tasks()) == (
        "cancelled",
        {"pi_1": 0},
        [],
    )
    assert clinic.results()["refunded"] == 1.0


def test_a_payment_whose_task_is_gone_is_still_watched_once_its_booking_is_over(clinic, api):
    session_id = api.booked()
    clinic.provider.status = "processing"
    api.pay(session_id)
    # As when its process paused between task and attempt for so long that the pass found a task
    # without one.
    clinic.room.repositories.tasks.remove("pay", f"{session_id}:1")
    clinic.clock.forward(seconds=901)
    clinic.room.recovery.run_pass()
    assert (clinic.status(session_id), clinic.tasks()) == ("expired", [f"pay:{session_id}:1"])


def test_unpaid_booking_expires_and_frees_its_slot(clinic, api):
    session_id = api.booked()
    clinic.clock.forward(seconds=899)
    assert (clinic.room.recovery.run_pass(), clinic.status(session_id)) == (0, "pending_payment")
    clinic.clock.forward(seconds=1)
    assert (clinic.room.recovery.run_pass(), clinic.status(session_id)) == (1, "expired")
    assert clinic.results() == {"booked": 1.0, "expired": 1.0}
    assert api.book(clinic.other).status_code == 201
    assert clinic.provider.calls == []


def test_a_booking_whose_payment_is_not_known_does_not_expire(clinic, api):
    session_id = api.booked()
    clinic.provider.lost_responses = 100
    assert api.pay(session_id).status_code == 503
    clinic.clock.forward(seconds=901)
    assert (clinic.room.recovery.run_pass(), clinic.status(session_id)) == (0, "pending_payment")
    assert problem(api.book(clinic.other))[0] == 409
    clinic.provider.lost_responses = 0
    clinic.recover()
    assert (clinic.status(session_id), clinic.tasks()) == ("paid", [])
    assert_money_agrees(clinic)


def test_payment_is_not_requested_when_the_provider_may_have_forgotten_its_key(clinic, api, caplog):
    session_id = api.booked()
    clinic.provider.status = "processing"
    api.pay(session_id)
    clinic.clock.forward(seconds=clinic.settings.payment_watch_seconds)
    clinic.room.recovery.run_pass()
    assert clinic.provider.calls == [f"pay:{session_id}:1"]
    assert (clinic.status(session_id), clinic.tasks()) == ("expired", [])
    assert clinic.results()["abandoned"] == 1.0
    assert [record.getMessage() for record in caplog.records if record.name == LOG.name] == [
        f"the result of payment {session_id}:1 is unknown for good: check it at the provider"
    ]


def test_open_payment_is_requested_less_and_less_often(clinic, api):
    clinic.provider.status = "processing"
    api.pay(api.booked())
    asked = len(clinic.provider.calls)
    for _ in range(12 * 60):
        clinic.clock.forward(seconds=60)
        clinic.room.recovery.run_pass()
    assert asked < len(clinic.provider.calls) < 25


def test_two_workers_do_a_task_once(clinic, api):
    session_id = api.booked()
    clinic.provider.lost_responses = 1
    api.pay(session_id)
    clinic.provider.latency_seconds = 0.2
    clinic.clock.forward(seconds=61)
    second = clinic.new_recovery()
    passes = [
        gevent.spawn(recovery.run_pass)
        for recovery in (clinic.room.recovery, second, clinic.new_recovery())
    ]
    gevent.joinall(passes, raise_error=True)
    assert sum(one.value for one in passes) == 1
    assert clinic.provider.calls == [f"pay:{session_id}:1"] * 2


def test_task_of_a_dead_worker_is_taken_over(clinic, api):
    session_id = api.booked()
    clinic.provider.lost_responses = 1
    api.pay(session_id)
    clinic.clock.forward(seconds=61)
    clinic.provider.crash_after = "pay"
    with pytest.raises(Crash):
        clinic.room.recovery.run_pass()
    assert clinic.room.recovery.run_pass() == 0
    clinic.clock.forward(seconds=61)
    assert clinic.room.recovery.run_pass() == 1
    assert clinic.status(session_id) == "paid"


def test_failing_task_does_not_stop_the_others(clinic, api, caplog):
    broken, good = (
        api.booked(),
        api.booked(starts_at=clinic.offer(clinic.starts_at.replace(minute=30)).starts_at),
    )
    for session_id in (broken, good):
        clinic.provider.lost_responses = 1
        api.pay(session_id, f"key-{session_id}")
    pay = clinic.provider.pay

    def fails(**given):
        if given["booking_id"] == broken:
            raise RuntimeError("a bug")
        return pay(**given)

    clinic.provider.pay = fails
    clinic.clock.forward(seconds=61)
    assert clinic.room.recovery.run_pass() == 1
    assert (clinic.status(broken), clinic.status(good)) == ("pending_payment", "paid")
    assert [record.getMessage() for record in caplog.records if record.name == LOG.name] == [
        f"task pay of booking {broken}"
    ]


def test_stored_responses_and_leases_are_deleted_after_their_time(clinic, api):
    api.paid()
    names = ("answers", "answer_leases", "booking_leases", "booking_tasks")
    assert clinic.database["answers"].count_documents({}) == 1
    kept_seconds = max(clinic.settings.idempotency_seconds, KEPT_SECONDS)
    clinic.clock.forward(seconds=kept_seconds + 3600)
    clinic.service.sweeper.run_pass()
    assert {name: clinic.database[name].count_documents({}) for name in names} == dict.fromkeys(
        names, 0
    )


def test_passes_repeat_in_the_background(clinic, api):
    passes, pauses = Event(), []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            passes.set()
            Event().wait()

    session_id = api.booked()
    clinic.clock.forward(seconds=901)
    recovery = clinic.new_recovery(sleep=sleep)
    recovery.start()
    recovery.start()
    assert passes.wait(PATIENCE_SECONDS)
    recovery.stop()
    assert (pauses, clinic.status(session_id)) == ([30.0] * 3, "expired")


def test_every_worker_starts_the_recovery(clinic):
    assert "sessions.book_session" in clinic.service.app.view_functions
    assert clinic.room.recovery.start in clinic.service.telemetry._on_start


def test_pass_reports_the_age_of_the_oldest_payment_that_is_not_settled(clinic, api):
    ages = []
    recovery = clinic.new_recovery(report_unsettled=ages.append)
    recovery.run_pass()
    session_id = api.booked()  # its unpaid booking ends by a task that leaves no money open
    recovery.run_pass()
    clinic.provider.crash_after = "pay"
    with pytest.raises(Crash):
        api.pay(session_id)
    clinic.clock.forward(seconds=30)
    recovery.run_pass()
    clinic.clock.forward(seconds=61)
    recovery.run_pass()
    assert ages == [0.0, 0.0, 30.0, 0.0]
