"""A request begins with its arrival, whatever happens to the time of day in between."""

import pytest

from telemetry.config import TelemetryConfig
from telemetry.environ_keys import ARRIVAL_ENVIRON
from telemetry.requests import arrival as arrivals
from telemetry.requests.arrival import Arrival, ArrivalClock, request_start_ns
from telemetry.requests.parsing import RequestParser

SECOND = 10**9
BOOT = 1_800_000_000 * SECOND
"""Wall clock at which the monotonic clock was 0."""


class Clocks:
    """Both clocks of a machine, as a test moves them."""

    def __init__(self):
        self.monotonic = 1000 * SECOND
        self.offset = BOOT

    def wall_ns(self):
        return self.monotonic + self.offset

    def monotonic_ns(self):
        return self.monotonic

    def forward(self, seconds):
        self.monotonic += int(seconds * SECOND)

    def step(self, seconds):
        """Set the wall clock."""
        self.offset += int(seconds * SECOND)


@pytest.fixture
def clocks(monkeypatch):
    found = Clocks()
    monkeypatch.setattr(arrivals.time, "perf_counter_ns", found.monotonic_ns)
    return found


@pytest.fixture
def clock(clocks):
    return ArrivalClock(clocks.wall_ns, clocks.monotonic_ns)


def stamped(clocks):
    """A new connection whose request the kernel receives now."""
    arrival = Arrival()
    arrival.received(clocks.wall_ns())
    return arrival


def test_request_begins_at_its_stamp(clocks, clock):
    at, unix = clocks.monotonic, clocks.wall_ns()
    arrival = stamped(clocks)
    clocks.forward(0.75)
    assert clock.begin(arrival) == (unix, at, {"queue": 0.75})


def test_request_without_a_stamp_begins_at_its_first_read(clocks, clock):
    arrival = Arrival()
    arrival.received(0)
    read = clocks.monotonic
    clocks.forward(0.25)
    assert clock.begin(arrival)[1:] == (read, {"queue": 0.25})


def test_head_in_parts_waits_for_its_client_and_then_in_the_queue(clocks, clock):
    at = clocks.monotonic
    arrival = stamped(clocks)
    for _ in range(2):
        clocks.forward(0.5)
        arrival.received(clocks.wall_ns())
    clocks.forward(0.25)
    assert clock.begin(arrival)[1:] == (at, {"client_read": 1.0, "queue": 0.25})


def test_request_that_was_sent_behind_another_begins_with_the_end_of_that(clocks, clock):
    arrival = stamped(clocks)
    sent = clocks.wall_ns()
    clocks.forward(1)
    clock.begin(arrival)
    clocks.forward(1)
    arrival.free()
    end = clocks.monotonic
    arrival.received(sent)
    clocks.forward(0.25)
    assert clock.begin(arrival)[1:] == (end, {"queue": 0.25})


def test_request_that_was_received_with_another_begins_with_the_end_of_that(clocks, clock):
    arrival = Arrival()
    arrival.free()
    end = clocks.monotonic
    clocks.forward(0.25)
    arrival.carry_over()
    clocks.forward(0.5)
    arrival.received(clocks.wall_ns())
    clocks.forward(0.125)
    assert clock.begin(arrival)[1:] == (end, {"client_read": 0.75, "queue": 0.125})


def test_what_came_before_a_restart_belongs_to_no_request(clocks, clock):
    arrival = stamped(clocks)
    clocks.forward(3)
    arrival.restart()
    arrival.received(clocks.wall_ns())
    clocks.forward(0.5)
    assert clock.begin(arrival)[2] == {"queue": 0.5}


def test_arrival_is_of_one_request_only(clocks, clock):
    arrival = stamped(clocks)
    clocks.forward(0.5)
    clock.begin(arrival)
    assert clock.begin(arrival) == (clocks.wall_ns(), clocks.monotonic, {})


def test_other_servers_have_no_arrival(clocks, clock):
    assert clock.begin(None) == (clocks.wall_ns(), clocks.monotonic, {})


@pytest.mark.parametrize("seconds", [-1e6, -3600, -1, -0.01, 0.01, 1, 3600, 1e6])
def test_step_of_the_wall_clock_makes_no_negative_and_no_huge_time(clocks, clock, seconds):
    arrival = stamped(clocks)
    clocks.forward(0.5)
    clocks.step(seconds)
    clocks.forward(0.25)
    began = clock.begin(arrival)
    assert began == (clocks.wall_ns(), clocks.monotonic, {"queue": 0.0})


@pytest.mark.parametrize("seconds", [-3600, -1, 1, 3600])
def test_requests_from_before_a_step_that_another_noticed_have_no_wrong_time(
    clocks, clock, seconds
):
    waiting = [stamped(clocks), stamped(clocks)]
    clocks.forward(0.5)
    clocks.step(seconds)
    clocks.forward(0.25)
    assert [clock.begin(each)[2] for each in waiting] == [{"queue": 0.0}] * 2


@pytest.mark.parametrize("seconds", [-3600, 1])
def test_requests_after_a_step_begin_at_their_stamps_again(clocks, clock, seconds):
    clocks.step(seconds)
    clock.begin(stamped(clocks))
    clocks.forward(1)
    arrival = stamped(clocks)
    clocks.forward(0.5)
    assert clock.begin(arrival)[2] == {"queue": 0.5}


def test_interruption_between_two_readings_is_no_step(clocks):
    late = []

    def wall_ns():
        read = clocks.wall_ns()
        if late:
            clocks.forward(late.pop())
        return read

    clock = ArrivalClock(wall_ns, clocks.monotonic_ns)
    arrival = stamped(clocks)
    clocks.forward(0.5)
    late.append(0.000_3)
    assert clock.begin(arrival)[2] == {"queue": pytest.approx(0.5003)}


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("t=1800000000.123", 1_800_000_000_123_000_000),
        ("1800000000.123456", 1_800_000_000_123_456_000),
        ("1800000000", 1_800_000_000_000_000_000),
        ("1800000000123", 1_800_000_000_123_000_000),
        ("t=1800000000123", 1_800_000_000_123_000_000),
        ("t=1800000000123.5", 1_800_000_000_123_500_000),
        ("t=1800000000123456", 1_800_000_000_123_456_000),
        (" 1800000000123456789 ", 1_800_000_000_123_456_789),
        ("", None),
        ("t=", None),
        ("-1800000000", None),
        ("180000000", None),
        ("18000000001", None),
        ("1800000000,1800000001", None),
        ("t=1800000000.", None),
        ("t=\u0661800000000", None),
        ("1" * 400, None),
        ("nan", None),
    ],
)
def test_time_that_a_proxy_names(header, found):
    assert request_start_ns(header) == found


BELIEVING = {
    "TELEMETRY_TRUSTED_PROXIES": "10.0.0.0/8",
    "TELEMETRY_REQUEST_START_SECONDS": "30",
}


@pytest.mark.parametrize(
    ("settings", "peer", "earlier_seconds", "queue_seconds"),
    [
        (BELIEVING, "10.0.0.1", 2, 2.5),
        (BELIEVING, "10.0.0.1", 30, 30.5),
        (BELIEVING, "10.0.0.1", 31, 0.5),
        (BELIEVING, "10.0.0.1", -2, 0.5),
        (BELIEVING, "192.0.2.1", 2, 0.5),
        ({"TELEMETRY_TRUSTED_PROXIES": "10.0.0.0/8"}, "10.0.0.1", 2, 0.5),
    ],
    ids=["named", "oldest", "too old", "later", "by a stranger", "switched off"],
)
def test_proxy_may_name_an_earlier_beginning(
    clocks, monkeypatch, settings, peer, earlier_seconds, queue_seconds
):
    monkeypatch.setattr(arrivals.time, "time_ns", clocks.wall_ns)
    monkeypatch.setattr(
        "telemetry.requests.parsing.ArrivalClock",
        lambda: ArrivalClock(clocks.wall_ns, clocks.monotonic_ns),
    )
    parser = RequestParser(TelemetryConfig.from_env(settings))
    named = clocks.wall_ns() // SECOND - earlier_seconds
    arrival = stamped(clocks)
    clocks.forward(0.5)
    now, unix = clocks.monotonic, clocks.wall_ns()
    record = parser.parse(
        {
            "REQUEST_METHOD": "GET",
            "REMOTE_ADDR": peer,
            "HTTP_HOST": "serene.test",
            "HTTP_X_REQUEST_START": f"t={named}",
            ARRIVAL_ENVIRON: arrival,
        }
    )
    assert record.phase_seconds == {"queue": queue_seconds}
    waited = int(queue_seconds * SECOND)
    assert (record.started_ns, record.started_unix_ns) == (now - waited, unix - waited)
