"""The simulation: exact where the answer is known, near the measurements, the same each time."""

from dataclasses import replace

import pytest

from bench.capacity.figures import RouteCost
from bench.capacity.load import chosen
from bench.capacity.simulation import Server, Simulation, connections_of

ROUTE = RouteCost(
    name="one",
    share=1.0,
    requests=1,
    in_loads=True,
    hub_us=6000.0,
    threads_us=0.0,
    database_us=4000.0,
    others_us=0.0,
    commands=2.0,
    database_ms=4.0,
    pool_wait_ms=0.0,
    external_ms=0.0,
    elapsed_ms=10.0,
    spans=1.0,
    span_bytes=1.0,
    log_bytes=1.0,
)
SERVER = Server(workers=1, cores=2, pool=10, balance=(1.0,), connections=20)


def run(server, times, route=ROUTE, seconds=100.0):
    return Simulation(server, [(at, route) for at in times], seconds).run()


def test_a_request_takes_its_turns_and_its_commands():
    outcome = run(SERVER, [0.0])
    assert outcome.p50_ms == pytest.approx(10.0)
    assert outcome.answered == pytest.approx(0.01)
    assert outcome.worker_cores == pytest.approx(0.006 / 100)
    assert outcome.database_cores == pytest.approx(0.004 / 100)


def test_a_full_hub_answers_as_many_as_its_processor_time_allows():
    times = [number / 1000 for number in range(10_000)]
    outcome = run(replace(SERVER, cores=0), times, seconds=10.0)
    assert outcome.answered == pytest.approx(1e6 / ROUTE.hub_us, rel=0.02)


def test_a_second_worker_doubles_them_only_with_cores_of_its_own():
    times = [number / 1000 for number in range(4000)]
    two = replace(SERVER, workers=2, balance=(0.5, 0.5))
    own = run(replace(two, cores=0), times, seconds=4.0)
    one_core = run(replace(two, cores=1), times, seconds=4.0)
    assert own.answered == pytest.approx(2e6 / ROUTE.hub_us, rel=0.05)
    # Workers and database take turns on it.
    assert one_core.answered == pytest.approx(1e6 / (ROUTE.hub_us + ROUTE.database_us), rel=0.05)


def test_a_small_pool_makes_commands_wait():
    slow = replace(ROUTE, hub_us=1000.0, database_us=40_000.0)
    times = [0.0] * 8
    many = run(replace(SERVER, cores=0), times, slow)
    few = run(replace(SERVER, cores=0, pool=1), times, slow)
    assert few.p99_ms > 4 * many.p99_ms


def test_processor_times_are_stretched():
    outcome = run(replace(SERVER, stretch=1.5), [0.0])
    assert outcome.p50_ms == pytest.approx(15.0)


def test_connections_are_spread_as_the_load_was():
    server = replace(SERVER, workers=2, balance=(0.75, 0.25), connections=200)
    found = connections_of(server)
    assert (found.count(0), found.count(1)) == (150, 50)


def test_arrivals_are_by_chance_and_the_same_each_time():
    first = list(chosen([3.0, 1.0], 1000.0, 10.0, seed=7))
    assert first == list(chosen([3.0, 1.0], 1000.0, 10.0, seed=7))
    assert first != list(chosen([3.0, 1.0], 1000.0, 10.0, seed=8))
    assert len(first) == pytest.approx(10_000, rel=0.05)
    assert sum(which == 0 for _, which in first) / len(first) == pytest.approx(0.75, abs=0.02)
