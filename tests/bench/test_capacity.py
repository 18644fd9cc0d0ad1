"""The capacity model: its page, its formulas, and what the manifests ask for."""

import runpy

import pytest

from bench.capacity import accuracy, bounds, mix, routes
from bench.capacity.figures import Figures
from bench.capacity.growth import growth
from bench.capacity.manifests import Manifests, cores, mebibytes
from bench.capacity.plan import ASSUMED, Mean, plan, pool_for, worker_rate
from bench.capacity.stand import running
from bench.capacity.worker import series
from bench.connections.__main__ import HEADER
from tests.architecture.sources import ROOT

MODULE = runpy.run_path(str(ROOT / "docs" / "capacity.py"))
MEASURED = Figures.read()
ADVICE = "run: python docs/capacity.py"
USERS = (1_000, 10_000, 100_000)


def test_page_has_the_tables():
    page = MODULE["PAGE"].read_text("utf-8")
    assert page == MODULE["with_tables"](MEASURED, page), ADVICE


def test_picture_is_what_the_figures_give():
    assert MODULE["PICTURE"].read_text("utf-8") == MODULE["draw"](MEASURED), ADVICE


def test_figures_survive_their_file(tmp_path):
    file = tmp_path / "figures.json"
    MEASURED.write(file)
    assert Figures.read(file) == MEASURED


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_simulation_is_near_the_measurements(workers):
    loads = [one for one in accuracy.compare(MEASURED) if one.workers == workers]
    answered = [one for one in loads if not one.is_full]
    assert len(answered) >= 5
    assert max(abs(one.throughput_error) for one in loads) < 0.2
    assert max(abs(one.p50_error) for one in answered if not one.is_tight) < 0.5


def test_connections_were_held_for_ten_minutes():
    held = MEASURED.held
    assert held is not None
    assert (held.idle, held.active, held.failures) == (10_000, 2_000, 0)
    assert held.idle_answered == held.idle
    assert held.seconds >= 600


@pytest.mark.slow
def test_shares_are_those_of_the_demo_traffic():
    shares = mix.shares()
    assert sum(shares.values()) == pytest.approx(1.0)
    measured = {route.name: route.share for route in MEASURED.routes if route.share}
    assert measured == pytest.approx(shares, rel=1e-4), "run: python -m bench.capacity costs"


def test_every_request_was_measured():
    for route in MEASURED.routes:
        assert route.hub_us > 0, route.name
        assert route.spans > 0, route.name
        assert route.log_bytes > 0, route.name
    assert {one.name for one in MEASURED.routes if not one.share} == {"register"}


def test_memory_of_a_pod_holds_what_was_measured():
    manifests, memory = Manifests.read(), MEASURED.memory
    connections = ASSUMED_CONNECTIONS * memory.idle_connection_kib / 1024
    in_flight = manifests.target_in_flight * memory.active_connection_kib / 1024
    needed = memory.worker_mib + memory.arbiter_mib + connections + in_flight
    assert needed <= manifests.memory_request_mib
    assert manifests.memory_limit_mib >= 2 * manifests.memory_request_mib


ASSUMED_CONNECTIONS = 1000
"""CONNECTIONS_PER_WORKER as it is shipped."""


def test_autoscaler_adds_a_pod_at_the_use_that_the_model_assumes():
    manifests = Manifests.read()
    assert manifests.target_cores == pytest.approx(ASSUMED.utilisation)
    # Requests in flight at that use: the processor time is what adds a pod for ordinary requests.
    at_target = worker_rate(MEASURED) * Mean.of(MEASURED).elapsed_ms / 1e3
    assert 0 < at_target < manifests.target_in_flight


def test_pods_are_enough_for_ten_thousand_users():
    manifests = Manifests.read()
    assert manifests.least_pods == ASSUMED.least_workers
    assert plan(MEASURED, 1_000, 0.5).workers <= manifests.least_pods * 2
    assert plan(MEASURED, 10_000, 0.5).workers <= manifests.most_pods


def test_scrapes_and_gateways_are_those_of_the_model():
    manifests = Manifests.read()
    assert manifests.scrape_seconds == ASSUMED.scrape_seconds
    assert manifests.gateways == ASSUMED.least_gateways
    needed = plan(MEASURED, 10_000, 0.5)
    assert needed.gateways == manifests.gateways
    assert needed.collector_cores < manifests.gateways * manifests.gateway_cores


@pytest.mark.parametrize("users", USERS)
def test_workers_are_not_used_more_than_assumed(users):
    needed = plan(MEASURED, users, 0.5)
    hub_cores = needed.rate * Mean.of(MEASURED).hub_us / 1e6
    assert (
        hub_cores + needed.workers * MEASURED.idle_worker_cores
        <= needed.workers * ASSUMED.utilisation
    )
    assert needed.rate == users * ASSUMED.requests_per_user


def test_bounds_are_ranked_by_their_use():
    needed = plan(MEASURED, 100_000, 0.5)
    uses = [one.use(needed) for one in bounds.ranked(needed, Manifests.read())]
    assert uses == sorted(uses, reverse=True)
    assert uses[0] > 1


def test_pool_is_enough_for_nearly_every_moment():
    assert [pool_for(busy) for busy in (0.0, 0.25, 1.0, 4.0, 100.0)] == [2, 3, 5, 12, 140]


def test_growth_is_flat_where_rules_are():
    few, many = growth(MEASURED, 100), growth(MEASURED, 1000)
    assert many.series == 10 * few.series
    assert many.recorded_series == few.recorded_series
    assert many.recorded_series < few.board_series
    assert many.native_series < many.series / 2
    assert many.spans < many.all_spans


def test_quantities_of_kubernetes():
    assert (cores("500m"), cores("2")) == (0.5, 2.0)
    assert (mebibytes("224Mi"), mebibytes("2Gi")) == (224, 2048)


def test_series_of_an_exposition():
    text = (
        "# TYPE http_server_request_duration_seconds histogram\n"
        'http_server_request_duration_seconds_bucket{http_route="/a",le="1"} 1\n'
        'http_server_request_duration_seconds_bucket{http_route="/a",le="+Inf"} 1\n'
        'http_server_request_duration_seconds_sum{http_route="/a"} 1\n'
        'http_server_request_duration_seconds_count{http_route="/a"} 1\n'
        "# TYPE telemetry_queue_spans gauge\n"
        "telemetry_queue_spans 1\n"
    )
    found = series(text)
    assert (found.total, found.buckets, found.histograms, found.request_buckets) == (5, 2, 1, 2)
    # Two buckets, the count and the sum.
    assert found.recorded == 4


@pytest.mark.e2e
@pytest.mark.slow
def test_every_request_of_the_demo_traffic_is_measured_on_real_processes():
    shares = mix.shares()
    with running(1, counts_spans=True) as stand:
        idle = routes.idle_clocks(stand)
        costs, sent = routes.measure(stand, shares, 2, idle, HEADER.join, settle_seconds=0.1)
    assert {one.name for one in costs} == {*shares, "register"}
    assert len(costs) == len(sent)
    assert all(one.hub_us > 0 for one in costs)
    assert next(one for one in costs if one.name == "log in").threads_us > 1000
