"""Share within the target, average, 95th percentile and trends, from the latency histogram."""

import math

import pytest

from telemetry import names
from telemetry.health.histogram import HistogramCounts, bucket_weights
from telemetry.health.latency import LatencyWindow, ResponseTimes, Sla
from telemetry.metrics import Metrics
from tests.clock import Clock


@pytest.fixture
def clock():
    return Clock(1000.0)


@pytest.fixture
def histogram():
    return Metrics().histogram(names.REQUEST_DURATION)


@pytest.fixture
def window(histogram, clock):
    return LatencyWindow(
        histogram,
        target_seconds=0.5,
        window_seconds=60.0,
        interval_seconds=5.0,
        health_routes={"/api/v1/health"},
        monotonic=clock,
    )


@pytest.fixture
def after(histogram, window, clock):
    """Let an interval pass with so many fast and slow requests, and take the sample."""

    def pass_interval(fast: int = 0, slow: int = 0, route: str = "/posts") -> None:
        for _ in range(fast):
            histogram.labels("GET", route, "200").observe(0.3)
        for _ in range(slow):
            histogram.labels("GET", route, "500").observe(0.6)
        clock.now += 5.0
        window.sample()

    return pass_interval


def test_share_without_a_request_is_unknown(window, clock):
    clock.now += 2.0

    assert window.sla() == Sla(
        share=None, trend="unknown", requests=0, window_seconds=0.0, age_seconds=2.0
    )


def test_share_is_that_of_all_routes_and_statuses_but_not_of_probes(window, after):
    after(fast=3)
    after(slow=1)
    after(fast=100, slow=100, route="/api/v1/health")

    assert window.sla() == Sla(
        share=0.75, trend="falling", requests=4, window_seconds=15.0, age_seconds=0.0
    )


def test_requests_before_the_window_are_forgotten(window, after, clock):
    after(slow=1000)
    for _ in range(12):
        after(fast=1)
    clock.now += 1.0

    assert window.sla() == Sla(
        share=1.0, trend="steady", requests=12, window_seconds=60.0, age_seconds=1.0
    )


@pytest.mark.parametrize(
    ("older", "newer", "trend"),
    [
        ((99, 1), (1000, 0), "rising"),
        ((1000, 0), (99, 1), "falling"),
        ((1000, 0), (995, 5), "steady"),
        ((1, 0), (0, 0), "unknown"),
        ((0, 0), (1, 0), "unknown"),
    ],
)
def test_trend_compares_the_newer_half_with_the_older(window, after, older, newer, trend):
    after(*older)
    after(*newer)

    assert window.sla().trend == trend


def test_samples_stay_bounded_when_they_are_taken_too_often(window, clock):
    for _ in range(1000):
        clock.now += 0.001
        window.sample()

    assert len(window._samples) == 60 / 5 + 2


def test_health_average_includes_the_response_being_made(window, after, histogram):
    assert window.health_average_seconds(0.25) == 0.25

    for status in ("200", "503"):
        histogram.labels("GET", "/api/v1/health", status).observe(0.5)
    after(slow=5)

    assert window.health_average_seconds(0.25) == pytest.approx((0.5 + 0.5 + 0.25) / 3)


@pytest.mark.parametrize(
    ("target_seconds", "weights"),
    [
        (1.0, (1.0, 1.0, 0.0, 0.0)),  # on a bound: exact
        (2.5, (1.0, 1.0, 0.5, 0.0)),  # between two: the bucket is divided linearly
        (0.1, (0.2, 0.0, 0.0, 0.0)),
        (
            9.0,
            (1.0, 1.0, 1.0, 0.0),
        ),  # above all: what is above the highest bound counts as too slow
    ],
)
def test_bucket_counts_by_its_share_below_the_target(target_seconds, weights):
    assert bucket_weights((0.5, 1.0, 4.0, math.inf), target_seconds) == pytest.approx(weights)


def test_times_of_routes_and_of_health_checks_are_separate(window, after):
    after(fast=3, slow=1)
    after(fast=4, route="/api/v1/health")
    after(fast=4)

    # 0.3 s lies in the bucket of 0.25 to 0.3, 0.6 s in that of 0.5 to 0.75: 7.6 of 8 requests are
    # within 60 % of the latter.
    assert window.route_times() == ResponseTimes(
        8, pytest.approx(0.3375), pytest.approx(0.5 + 0.25 * 0.6), "steady", 0.875
    )
    assert window.health_times() == ResponseTimes(
        4, pytest.approx(0.3), pytest.approx(0.25 + 0.05 * 0.95), "unknown", 1.0
    )


def test_times_without_a_request_are_unknown(window, after):
    after()
    assert (
        window.route_times()
        == window.health_times()
        == ResponseTimes(0, None, None, "unknown", None)
    )


@pytest.mark.parametrize(
    ("older", "newer", "trend"),
    [
        ((4, 0), (0, 4), "slower"),
        ((0, 4), (4, 0), "faster"),
        ((4, 0), (4, 0), "steady"),
        ((9, 1), (8, 2), "steady"),
        ((0, 0), (1, 0), "unknown"),
    ],
)
def test_pace_compares_the_averages_of_the_newer_and_the_older_half(
    window, after, older, newer, trend
):
    after(*older, route="/api/v1/health")
    after(*newer, route="/api/v1/health")

    assert window.health_times().trend == trend


@pytest.mark.parametrize(
    ("buckets", "share", "seconds"),
    [
        ((0, 0, 0), 0.95, None),
        ((10, 0, 0), 0.5, 0.5),
        ((10, 10, 0), 0.75, 1.5),
        ((10, 0, 10), 0.95, 2.0),  # above all bounds: the highest of them is all that is known
    ],
)
def test_quantile_is_linear_within_its_bucket(buckets, share, seconds):
    assert HistogramCounts(buckets).quantile_seconds(share, (1.0, 2.0, math.inf)) == seconds
