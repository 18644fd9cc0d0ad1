"""The circuit breaker: its state changes, and concurrent calls."""

import logging

import gevent
import pytest

from service.companion.circuit import Circuit
from service.companion.failures import CircuitOpen, ModelFailed, ModelLimited, ModelTimedOut
from tests.clock import Clock
from tests.support.polling import wait_until

OPEN_SECONDS = 15.0


@pytest.fixture
def clock():
    return Clock(1000.0)


@pytest.fixture
def states():
    """Every reported state, in order."""
    return []


@pytest.fixture
def circuit(clock, states):
    return Circuit(3, OPEN_SECONDS, states.append, clock=clock)


def make_call(circuit, error) -> None:
    with circuit.call():
        if error is not None:
            raise error


def outcomes_of(circuit, *errors) -> list[str]:
    """Make calls with these outcomes, and return the result of each."""
    found = []
    for error in errors:
        try:
            make_call(circuit, error)
            found.append("succeeded")
        except CircuitOpen as refused:
            found.append(f"open, {refused.retry_after_seconds} s")
        except Exception as raised:
            found.append(type(raised).__name__)
    return found


FAILURES = [ModelFailed("", status=500), ModelFailed(""), ModelTimedOut("")]


def test_failures_in_a_row_open_the_circuit_and_one_success_closes_it(circuit, clock, states):
    assert outcomes_of(circuit, *FAILURES, None) == [
        "ModelFailed",
        "ModelFailed",
        "ModelTimedOut",
        "open, 15 s",
    ]
    clock.now += 10.5
    assert outcomes_of(circuit, None) == ["open, 5 s"]
    clock.now += 4.5
    assert outcomes_of(circuit, None, None) == ["succeeded"] * 2
    assert states == ["closed", "open", "half_open", "closed"]


def test_failed_trial_call_reopens_the_circuit(circuit, clock, states):
    outcomes_of(circuit, *FAILURES)
    clock.now += OPEN_SECONDS
    assert outcomes_of(circuit, ModelFailed("", status=503), None) == ["ModelFailed", "open, 15 s"]
    clock.now += OPEN_SECONDS
    assert outcomes_of(circuit, None) == ["succeeded"]
    assert states == ["closed", "open", "half_open", "open", "half_open", "closed"]


@pytest.mark.parametrize(
    "refusal", [ModelFailed("", status=400), ModelFailed("", status=401), ModelLimited("")], ids=str
)
def test_client_errors_do_not_count_as_failures(circuit, states, refusal):
    outcomes_of(circuit, *FAILURES[:2], refusal, *FAILURES[:2])
    assert states == ["closed"]


def test_success_resets_the_failure_count(circuit, states):
    outcomes_of(circuit, *FAILURES[:2], None, *FAILURES[:2])
    assert states == ["closed"]


def test_half_open_circuit_admits_one_call_until_it_has_a_result(circuit, clock):
    outcomes_of(circuit, *FAILURES)
    clock.now += OPEN_SECONDS
    first = circuit.call()
    first.__enter__()
    assert (circuit.state, outcomes_of(circuit, None)) == ("half_open", ["open, 1 s"])
    # Its client disconnected, so the call has no result.
    assert not first.__exit__(GeneratorExit, GeneratorExit(), None)
    assert circuit.state == "half_open"
    assert outcomes_of(circuit, None) == ["succeeded"]
    assert circuit.state == "closed"


def test_calls_started_before_a_state_change_do_not_count_after_it(circuit, clock, states):
    old_good, old_bad = circuit.call(), circuit.call()
    old_good.__enter__()
    old_bad.__enter__()
    outcomes_of(circuit, *FAILURES)
    old_good.__exit__(None, None, None)
    assert circuit.state == "open"
    clock.now += OPEN_SECONDS
    trial = circuit.call()
    trial.__enter__()
    assert not old_bad.__exit__(ModelTimedOut, ModelTimedOut(""), None)
    assert circuit.state == "half_open"
    trial.__exit__(None, None, None)
    assert states == ["closed", "open", "half_open", "closed"]


def test_each_change_is_logged_once(circuit, clock, caplog):
    caplog.set_level(logging.INFO, "service.companion")
    outcomes_of(circuit, *FAILURES, None, None)
    clock.now += OPEN_SECONDS
    outcomes_of(circuit, None)
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("WARNING", "circuit of the companion: open, was closed"),
        ("WARNING", "circuit of the companion: half_open, was open"),
        ("INFO", "circuit of the companion: closed, was half_open"),
    ]


def test_concurrent_calls_do_not_wait_for_each_other(circuit):
    inside = []

    def call(number: int) -> None:
        with circuit.call():
            inside.append(number)
            gevent.sleep(60)

    calls = [gevent.spawn(call, number) for number in range(20)]
    wait_until(lambda: len(inside) == 20, what="all calls run")
    gevent.killall(calls)
    assert circuit.state == "closed"


def test_open_circuit_makes_no_calls_until_the_model_recovers(companion_with, model):
    companion = companion_with(COMPANION_CIRCUIT_FAILURES="2", COMPANION_CIRCUIT_OPEN_SECONDS="1.5")
    assert companion.circuit() == "closed"
    model.behave(status=500)
    assert [companion.send().status_code for _ in range(2)] == [502, 502]
    assert companion.circuit() == "open"
    refused = companion.send()
    body = refused.get_json(force=True)
    assert (refused.status_code, body["type"]) == (503, "urn:serene:problem:companion-unavailable")
    assert refused.headers["Retry-After"] in ("1", "2")
    assert companion.send(stream=True).status_code == 503
    assert len(model.received_requests()) == 2

    model.reset()
    wait_until(lambda: companion.send().status_code == 200, what="the circuit closes")
    assert companion.circuit() == "closed"
    assert companion.results().keys() == {"error", "circuit_open", "answered"}


def test_broken_stream_counts_as_failure_and_a_disconnect_does_not(companion_with, model):
    companion = companion_with(COMPANION_CIRCUIT_FAILURES="2")
    model.behave(tokens_per_second=50)
    for _ in range(3):
        leaving = gevent.spawn(companion.stream)
        wait_until(lambda: companion.active_calls() == 1, what="the call runs")
        leaving.kill()
    assert companion.circuit() == "closed"
    model.behave(fault="cut", fault_after_tokens=2)
    assert [companion.stream()[-1][0] for _ in range(2)] == ["error", "error"]
    assert companion.circuit() == "open"
