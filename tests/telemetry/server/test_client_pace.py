"""The bounds of waiting for a client, on a clock of the test's."""

import pytest

from telemetry.config import TelemetryConfig
from telemetry.server.client_pace import ClientBounds, ClientTooSlow, HeadWait, NoRequest, Pace


def outlast(pace, pauses):
    """Wait in turn, as (seconds, bytes); returns after how many pauses the client was too slow."""
    for number, (seconds, moved) in enumerate(pauses):
        try:
            pace.left_seconds()
        except ClientTooSlow:
            return number
        pace.waited(seconds, moved)
    return None


@pytest.mark.parametrize(
    ("pauses", "ends_after"),
    [
        ([(10, 0), (10, 0), (1, 0)], 2),
        ([(20, 9_999), (1, 0)], 1),
        ([(20, 10_000), (1, 0)], None),
        ([(1, 500)] * 800, None),
        ([(1, 499)] * 800, 20),
        # Much at first is no credit for later.
        ([(1, 25_000_000), (19, 0), (20, 0), (1, 0)], 3),
        # The rate is kept, the whole is too long.
        ([(1, 500)] * 1000, 900),
        ([(899, 10_000_000), (1, 10_000_000), (1, 1)], 2),
        # Waits of no time are no slowness, however many.
        ([(0, 1)] * 5000, None),
        ([(0, 0)] * 5000, None),
    ],
)
def test_pace_bounds_the_rate_and_the_whole(pauses, ends_after):
    assert outlast(Pace("body", 900, 20, 500), pauses) == ends_after


def test_without_a_rate_one_byte_in_a_period_is_enough():
    assert outlast(Pace("response", 900, 20, 0), [(20, 1)] * 40) is None
    assert outlast(Pace("response", 900, 20, 0), [(20, 1), (20, 0), (1, 0)]) == 2


def test_wait_is_never_longer_than_what_is_left_of_period_and_whole():
    pace = Pace("body", 30, 20, 500)
    seen = [pace.left_seconds()]
    for seconds in (5, 15, 8):
        pace.waited(seconds, 100_000)
        seen.append(pace.left_seconds())

    assert seen == [20, 15, 10, 2]


def test_next_body_has_its_own_bounds():
    pace = Pace("body", 900, 20, 500)
    pace.waited(20, 0)
    pace.restart()
    assert pace.left_seconds() == 20


def test_slowness_names_what_was_waited_for():
    pace = Pace("response", 900, 20, 500)
    pace.waited(20, 0)
    with pytest.raises(ClientTooSlow) as raised:
        pace.left_seconds()
    assert (raised.value.part, raised.value.reason, str(raised.value)) == (
        "response",
        "response",
        "[Errno 110] the client was too slow: response",
    )


def test_head_has_its_time_from_its_first_byte():
    head = HeadWait(20)
    head.restart(100.0, 75, begun=False)
    seen = [head.left_seconds(100.0)]
    head.waited(60, 1, 160.0)
    seen.append(head.left_seconds(160.0))
    head.waited(15, 1, 175.0)
    seen.append(head.left_seconds(175.0))

    assert seen == [75, 20, 5]
    with pytest.raises(ClientTooSlow):
        head.left_seconds(180.0)


def test_head_whose_first_bytes_came_before_has_no_idle_time():
    head = HeadWait(20)
    head.restart(100.0, 75, begun=True)
    assert head.left_seconds(100.0) == 20
    with pytest.raises(ClientTooSlow):
        head.left_seconds(121.0)


def test_connection_without_a_byte_is_idle_and_not_slow():
    head = HeadWait(20)
    head.restart(100.0, 75, begun=False)
    with pytest.raises(NoRequest):
        head.left_seconds(175.0)


def test_bounds_come_from_the_settings():
    config = TelemetryConfig.from_env(
        {
            "REQUEST_HEAD_SECONDS": "1",
            "REQUEST_BODY_SECONDS": "2",
            "RESPONSE_SECONDS": "3",
            "CLIENT_STALL_SECONDS": "4",
            "CLIENT_BYTES_PER_SECOND": "5",
            "KEEPALIVE_SECONDS": "6",
        }
    )
    bounds = ClientBounds(config, lambda *_: None)
    head = bounds.head()
    head.restart(0.0, bounds.idle_seconds, begun=True)

    assert (head.left_seconds(0.0), bounds.idle_seconds) == (1, 6)
    assert (bounds.body().left_seconds(), bounds.response().left_seconds()) == (2, 3)
