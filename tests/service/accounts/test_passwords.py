"""Passwords off the hub: bounded, with the request's context, and without a trace of who has an
account.
"""

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


def test_only_the_password_is_right():
    ours = passwords()
    stored = ours.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    given = ("correct horse", "correct horse ", "", "correct\x00horse", "ö")
    assert [ours.verify(stored, password) for password in given] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_nobody_has_no_password_not_even_the_one_that_stands_in():
    assert not passwords().verify(None, "nobody")


def test_nobodys_password_is_looked_at_like_anybodys(monkeypatch):
    ours = passwords()
    looked_at = []
    monkeypatch.setattr(
        ours, "_is_right", lambda stored, password: looked_at.append(stored[:26]) or False
    )
    ours.verify(None, "x")
    ours.verify(ours.hash("y"), "x")
    assert looked_at[0] == looked_at[1]


def test_the_wait_for_a_turn_and_for_the_hash_is_told():
    ours = Passwords(
        AccountSettings.from_env({"PASSWORD_TIME_COST": "8", "PASSWORDS_AT_ONCE": "1"})
    )
    request = record()

    def ask():
        set_current_record(request)
        ours.hash("x")

    hashing = [gevent.spawn(ask) for _ in range(2)]
    gevent.sleep(0)
    assert [phase for phase, _ in request.open_phases] == ["threadpool"] * 2
    gevent.joinall(hashing, raise_error=True)
    assert (list(request.phase_seconds), request.open_phases, request.phase_seconds["threadpool"] > 0.01) == (
        ["threadpool"],
        [],
        True,
    )


def test_the_hub_turns_while_a_password_is_hashed():
    slow = Passwords(AccountSettings.from_env({"PASSWORD_TIME_COST": "20"}))
    hashing = gevent.spawn(slow.hash, "x")
    turns = 0
    while not hashing.ready():
        gevent.sleep(0.001)
        turns += 1
    assert hashing.get().startswith("$argon2id$")
    assert turns > 2, "a hub that hashes itself turns once"


def test_the_request_is_known_where_its_password_is_looked_at():
    ours, current = passwords(), record()
    set_current_record(current)
    assert ours._apply(current_record) is current
    set_current_record(None)


def test_whoever_waits_too_long_for_a_turn_is_told_and_the_turn_comes_back():
    ours = passwords(PASSWORDS_AT_ONCE="1", PASSWORD_WAIT_SECONDS="0.01")
    holding = gevent.spawn(ours._turns.acquire)
    holding.join()
    with pytest.raises(Busy):
        ours.hash("x")
    ours._turns.release()
    assert ours.verify(ours.hash("x"), "x")
