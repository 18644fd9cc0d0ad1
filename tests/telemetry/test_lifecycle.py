"""The state machine: its transitions, and its metrics in each state."""

from collections.abc import Iterator

import pytest

from telemetry.lifecycle import STATES, IllegalTransition, Lifecycle
from telemetry.metrics import Metrics
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def lifecycle(metrics: Metrics, clock: Clock) -> Iterator[Lifecycle]:
    return Lifecycle(metrics, clock)


def shown(metrics: Metrics) -> dict[str, float]:
    """Every sample of the life cycle, by name or state."""
    value = metrics.registry.get_sample_value
    states = {state: value("service_state", {"state": state}) for state in STATES}
    others = ("service_drain_in_flight", "service_drain_seconds", "service_drain_rejected_total")
    return {
        name: sample or 0.0
        for name, sample in {**states, **{name: value(name) for name in others}}.items()
        if sample
    }


def facts(lifecycle: Lifecycle) -> tuple[str, bool, bool, str, int]:
    return (
        lifecycle.state,
        lifecycle.accepting,
        lifecycle.draining,
        lifecycle.reason,
        lifecycle.exit_code,
    )


def test_a_whole_life_is_exposed_state_by_state(lifecycle, metrics, clock):
    seen = [(facts(lifecycle), shown(metrics))]

    lifecycle.ready()
    seen.append((facts(lifecycle), shown(metrics)))
    lifecycle.drain("SIGTERM")
    clock.now += 1.5
    assert lifecycle.report_drain(in_flight=3) == 1.5
    seen.append((facts(lifecycle), shown(metrics)))
    lifecycle.stop_accepting()
    lifecycle.count_rejected()
    seen.append((facts(lifecycle), shown(metrics)))
    clock.now += 1.0
    lifecycle.stopped()
    seen.append((facts(lifecycle), shown(metrics)))

    assert seen == [
        (("starting", True, False, "", 0), {"starting": 1.0}),
        (("ready", True, False, "", 0), {"ready": 1.0}),
        (
            ("draining", True, True, "SIGTERM", 0),
            {"draining": 1.0, "service_drain_in_flight": 3.0, "service_drain_seconds": 1.5},
        ),
        (
            ("draining", False, True, "SIGTERM", 0),
            {
                "draining": 1.0,
                "service_drain_in_flight": 3.0,
                "service_drain_seconds": 1.5,
                "service_drain_rejected_total": 1.0,
            },
        ),
        (
            ("stopped", False, True, "SIGTERM", 0),
            {"stopped": 1.0, "service_drain_seconds": 2.5, "service_drain_rejected_total": 1.0},
        ),
    ]


def test_a_second_drain_changes_neither_reason_nor_start(lifecycle, clock):
    calls: list[str] = []
    lifecycle.on_drain(lambda: calls.append(f"{lifecycle.state} by {lifecycle.reason}"))
    lifecycle.ready()

    lifecycle.drain("SIGTERM")
    clock.now += 2
    lifecycle.drain("SIGINT")

    assert (calls, lifecycle.reason, lifecycle.report_drain(0)) == (
        ["draining by SIGTERM"],
        "SIGTERM",
        2.0,
    )


def test_a_fatal_error_during_a_drain_still_means_exit_code_1(lifecycle):
    lifecycle.drain("SIGTERM")
    lifecycle.drain("MemoryError", fatal=True)

    assert facts(lifecycle) == ("draining", True, True, "SIGTERM", 1)


def test_a_request_that_was_cut_means_exit_code_1(lifecycle):
    lifecycle.drain("SIGTERM")
    lifecycle.fail()
    lifecycle.stopped()

    assert facts(lifecycle) == ("stopped", False, True, "SIGTERM", 1)


def test_a_drain_that_came_while_starting_is_not_undone(lifecycle):
    lifecycle.drain("SIGTERM")
    lifecycle.ready()

    assert lifecycle.state == "draining"


def test_outside_of_a_drain_it_has_taken_no_time(lifecycle, metrics, clock):
    clock.now += 5

    assert (lifecycle.report_drain(in_flight=2), shown(metrics)) == (
        0.0,
        {"starting": 1.0, "service_drain_in_flight": 2.0},
    )


@pytest.mark.parametrize("step", [Lifecycle.stop_accepting, Lifecycle.stopped])
def test_only_a_drain_that_has_begun_can_end(lifecycle, step):
    lifecycle.ready()

    with pytest.raises(IllegalTransition, match=r"^a process that is ready "):
        step(lifecycle)
    assert facts(lifecycle) == ("ready", True, False, "", 0)


def test_a_stopped_process_does_not_become_ready(lifecycle):
    lifecycle.drain("SIGTERM")
    lifecycle.stopped()

    with pytest.raises(IllegalTransition, match="has stopped"):
        lifecycle.ready()
