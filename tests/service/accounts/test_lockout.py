"""Lockouts: an attacker cannot lock out an owner, and an office does not lock itself out."""

from datetime import UTC, datetime

import gevent
import pytest

from service.accounts.login_attempts import LoginAttempts
from service.accounts.login_lockout import LockoutPolicy
from tests.clock import Clock

HOME, OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.1", "192.0.2.200"
ADA, BEA = "ada@serene-mail.com", "bea@serene-mail.com"
POLICY = LockoutPolicy(
    per_account=3, per_email=6, per_address=8, first_seconds=2.0, longest_seconds=60.0
)


@pytest.fixture
def clock():
    return Clock(datetime(2026, 11, 26, 9, tzinfo=UTC))


@pytest.fixture
def attempts(service, clock):
    database = service.mongo.database
    return LoginAttempts(database["login_attempts"], database["known_logins"], POLICY, now=clock)


def fail(attempts, times: int, email: str = ADA, address: str = ELSEWHERE) -> list[bool]:
    """Send wrong passwords; returns which of them were allowed."""
    return [attempts.begin(email, address) == 0 for _ in range(times)]


def succeed(attempts, email: str = ADA, address: str = HOME) -> bool:
    allowed = attempts.begin(email, address) == 0
    if allowed:
        attempts.succeed(email, address)
    return allowed


def attack(attempts, email: str = ADA) -> None:
    """Send wrong passwords from many addresses until the e-mail is locked out."""
    for number in range(POLICY.per_email):
        assert fail(attempts, 1, email, f"192.0.2.{number}") == [True]
    assert fail(attempts, 1, email, "192.0.2.99") == [False]


def test_wrong_passwords_from_one_address_lock_the_pair_out(attempts, clock):
    assert fail(attempts, 5) == [True] * 3 + [False] * 2
    pauses = []
    for _ in range(7):
        pauses.append(attempts.begin(ADA, ELSEWHERE))
        clock.forward(pauses[-1])
        fail(attempts, 1)
    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_owner_at_home_is_not_locked_out_by_an_attacker_at_one_address(attempts):
    fail(attempts, 10)
    assert succeed(attempts, address=HOME)


def test_owner_at_a_known_address_is_not_locked_out_by_many_addresses(attempts):
    assert succeed(attempts, address=HOME)
    attack(attempts)
    assert succeed(attempts, address=HOME)
    # Neither does the owner's login help the attacker.
    assert fail(attempts, 1, ADA, "192.0.2.98") == [False]


def test_attack_locks_the_owner_out_of_new_addresses_for_a_bounded_time(attempts, clock):
    attack(attempts)
    wait = attempts.begin(ADA, OFFICE)
    assert 0 < wait <= POLICY.longest_seconds
    clock.forward(wait)
    assert succeed(attempts, address=OFFICE)


def test_known_address_has_a_limit_of_its_own(attempts):
    succeed(attempts, address=HOME)
    assert fail(attempts, 4, ADA, HOME) == [True] * 3 + [False]


def test_office_is_not_locked_out_by_a_computer_that_guesses(attempts):
    assert succeed(attempts, BEA, OFFICE)
    for number in range(POLICY.per_address):
        fail(attempts, 1, f"victim-{number}@serene-mail.com", OFFICE)
    assert fail(attempts, 1, "one-more@serene-mail.com", OFFICE) == [False]
    assert succeed(attempts, BEA, OFFICE)


def test_typos_of_an_office_do_not_add_up(attempts):
    for number in range(40):
        email = f"person-{number}@serene-mail.com"
        assert fail(attempts, 2, email, OFFICE) == [True, True]
        assert succeed(attempts, email, OFFICE)


def test_own_account_of_an_attacker_does_not_reset_the_address(attempts):
    succeed(attempts, BEA, ELSEWHERE)
    for number in range(POLICY.per_address):
        fail(attempts, 1, f"victim-{number}@serene-mail.com")
        succeed(attempts, BEA, ELSEWHERE)
    assert fail(attempts, 1, "one-more@serene-mail.com") == [False]


def test_login_clears_the_pair(attempts):
    fail(attempts, 2, ADA, HOME)
    assert succeed(attempts, ADA, HOME)
    assert fail(attempts, 4, ADA, HOME) == [True] * 3 + [False]


def test_wrong_passwords_are_forgotten(attempts, clock):
    fail(attempts, 5)
    clock.forward(POLICY.kept_seconds + 1)
    assert fail(attempts, 4) == [True] * 3 + [False]


def test_address_is_known_for_a_month_after_the_last_login(attempts, clock):
    succeed(attempts)
    clock.forward(20 * 86400)
    succeed(attempts)
    clock.forward(20 * 86400)
    attack(attempts)
    assert succeed(attempts)
    clock.forward(31 * 86400)
    attack(attempts)
    assert not succeed(attempts)


def test_waiting_attempt_is_not_counted(attempts, service):
    fail(attempts, 3)
    for _ in range(5):
        assert attempts.begin(ADA, ELSEWHERE) == 2
    assert service.mongo.database["login_attempts"].count_documents({}) == 3


def test_concurrent_attempts_do_not_exceed_the_limit(attempts):
    calls = [gevent.spawn(attempts.begin, ADA, ELSEWHERE) for _ in range(12)]
    gevent.joinall(calls, raise_error=True)
    assert sum(call.value == 0 for call in calls) <= POLICY.per_account


def test_stored_attempts_hold_no_email(attempts, service):
    fail(attempts, 1)
    succeed(attempts, BEA)
    database = service.mongo.database
    stored = [*database["login_attempts"].find(), *database["known_logins"].find()]
    assert len(stored) == 2
    assert "serene-mail" not in str(stored)
    assert HOME not in str(stored)
