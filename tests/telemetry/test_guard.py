"""The guard swallows, counts and logs exceptions of telemetry, and no others."""

import logging

import gevent
import pytest

from telemetry.guard import LOG_EVERY_SECONDS, Guard


def in_a_block(place, work):
    with place:
        work(None)


def in_a_call(place, work):
    place.call(work, None)


either = pytest.mark.parametrize("guarded", [in_a_block, in_a_call])


def fail(error):
    """Work that raises."""

    def work(_):
        raise error

    return work


@either
def test_exception_is_counted_dropped_and_logged_once_a_minute(caplog, guarded):
    now = [100.0]
    seen = []
    guard = Guard(strict=False, on_error=seen.append, clock=lambda: now[0])
    with caplog.at_level(logging.ERROR, logger="telemetry"):
        for moment in (100.0, 100.0 + LOG_EVERY_SECONDS - 1, 100.0 + LOG_EVERY_SECONDS):
            now[0] = moment
            guarded(guard.at("sink"), fail(ValueError("broken")))
    assert seen == ["sink", "sink", "sink"]
    assert [record.getMessage() for record in caplog.records] == [
        "telemetry failed at sink: ValueError('broken')"
    ] * 2


@either
def test_strict_guard_raises(guarded):
    guard = Guard(strict=True, on_error=lambda where: pytest.fail("counted"))
    with pytest.raises(ValueError, match="broken"):
        guarded(guard.at("sink"), fail(ValueError("broken")))


@either
@pytest.mark.parametrize(
    "error", [gevent.GreenletExit(), gevent.Timeout(1), SystemExit(3), KeyboardInterrupt()]
)
def test_base_exceptions_of_the_host_pass(error, guarded):
    guard = Guard(strict=False, on_error=lambda where: pytest.fail("counted"))
    with pytest.raises(BaseException) as raised:
        guarded(guard.at("sink"), fail(error))
    assert raised.value is error


def test_one_place_serves_greenlets_that_overlap():
    seen = []
    guard = Guard(strict=False, on_error=seen.append)

    def use(fail):
        with guard.at("sink"):
            gevent.sleep(0.01)
            if fail:
                raise ValueError

    gevent.joinall([gevent.spawn(use, fail) for fail in (True, False, True)], raise_error=True)
    assert seen == ["sink", "sink"]
