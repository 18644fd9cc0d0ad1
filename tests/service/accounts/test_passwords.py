"""Passwords: off the hub, bounded, with the request's context, and alike without an account."""

import gevent
import pytest

from service.accounts.passwords import Busy, Passwords
from service.accounts.settings import AccountSettings
from telemetry import current_record
from telemetry.requests.record import set_current_record
from tests.telemetry.records import record

CHEAP = {"PASSWORD_TIME_COST": "1", "PASSWORD_MEMORY_KIB": "8"}


def passwords(**settings: str) -> Passwords:
    return Passwords(AccountSettings.from_env(CHEAP | settings))


def test_only_the_password_matches():
    ours = passwords()
    stored = ours.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    given = ("correct horse", "correct horse ", "", "correct\x00horse", "ö")
    assert [ours.match(stored, password) for password in given] == ["yes", "no", "no", "no", "no"]


def test_no_password_matches_a_missing_account():
    assert passwords().match(None, "no account") == "no"


def test_missing_account_costs_one_hash_of_the_same_parameters(monkeypatch):
    ours = passwords()
    verified = []
    monkeypatch.setattr(
        ours, "_matches", lambda stored, forms: verified.append((stored[:26], forms)) or "no"
    )
    ours.match(None, "gé nie")
    ours.match(ours.hash("y"), "gé nie")
    assert verified[0] == verified[1]


def test_wait_and_hash_are_the_phase_threadpool():
    ours = Passwords(
        AccountSettings.from_env({"PASSWORD_TIME_COST": "8", "PASSWORDS_AT_ONCE": "1"})
    )
    request = record()

    def hash_password():
        set_current_record(request)
        ours.hash("x")

    hashing = [gevent.spawn(hash_password) for _ in range(2)]
    gevent.sleep(0)
    assert [wait.phase for wait in request.open_waits] == ["threadpool"] * 2
    gevent.joinall(hashing, raise_error=True)
    assert (
        list(request.phase_seconds),
        request.open_waits,
        request.phase_seconds["threadpool"] > 0.01,
    ) == (
        ["threadpool"],
        [],
        True,
    )


def test_hub_runs_while_a_password_is_hashed():
    slow = Passwords(AccountSettings.from_env({"PASSWORD_TIME_COST": "20"}))
    hashing = gevent.spawn(slow.hash, "x")
    runs = 0
    while not hashing.ready():
        gevent.sleep(0.001)
        runs += 1
    assert hashing.get().startswith("$argon2id$")
    assert runs > 2, "a hub that hashes itself runs once"


def test_thread_has_the_record_of_its_request():
    ours, current = passwords(), record()
    set_current_record(current)
    assert ours._run(current_record) is current
    set_current_record(None)


def test_wait_beyond_the_limit_is_busy_and_the_slot_is_released():
    ours = passwords(PASSWORDS_AT_ONCE="1", PASSWORD_WAIT_SECONDS="0.01")
    holding = gevent.spawn(ours._slots.acquire)
    holding.join()
    with pytest.raises(Busy):
        ours.hash("x")
    ours._slots.release()
    assert ours.match(ours.hash("x"), "x") == "yes"
