"""Bounded polling: what it returns, what it retries, and how it fails."""

import pytest

from tests.support.polling import wait_until, wait_until_equal


def test_first_truthy_value_is_returned() -> None:
    values = iter([0, "", "ready"])
    assert wait_until(lambda: next(values), interval_seconds=0, what="a value") == "ready"


def test_timeout_names_what_was_waited_for_and_the_last_value() -> None:
    with pytest.raises(AssertionError, match=r"^not within 0 s: a worker \(last: \[\]\)$"):
        wait_until(list, timeout_seconds=0, what="a worker")


def test_only_listed_exceptions_are_retried() -> None:
    attempts = iter([ConnectionError("refused"), ValueError("no JSON")])

    def read() -> bool:
        raise next(attempts)

    with pytest.raises(ValueError, match="no JSON"):
        wait_until(read, interval_seconds=0, retry_on=(OSError,), what="an answer")


def test_timeout_shows_the_last_retried_exception() -> None:
    def read() -> bool:
        raise ConnectionError("refused")

    with pytest.raises(AssertionError, match=r"last: ConnectionError\('refused'\)"):
        wait_until(read, timeout_seconds=0, retry_on=(OSError,), what="an answer")


def test_value_that_becomes_equal_ends_the_wait() -> None:
    numbers = iter([1, 2, 3])
    wait_until_equal(lambda: next(numbers), 3, interval_seconds=0)
    assert list(numbers) == []


def test_value_that_never_becomes_equal_fails_the_assertion() -> None:
    with pytest.raises(AssertionError):
        wait_until_equal(lambda: 1, 2, timeout_seconds=0)
