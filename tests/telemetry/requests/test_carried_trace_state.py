"""The API's class for a ``tracestate``, by the grammar of level 2."""

import logging

import pytest
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from telemetry.requests.tracestate import MAX_MEMBERS, CarriedTraceState, parse_tracestate


def members(count):
    return [f"k{index}=v" for index in range(count)]


def test_api_reads_and_sends_what_only_level_2_allows(caplog):
    header = "1a=1,b@c@d=2,e@=3"
    context = SpanContext(1, 1, True, TraceFlags(1), parse_tracestate(header))
    carrier = {}
    with caplog.at_level(logging.DEBUG):
        TraceContextTextMapPropagator().inject(
            carrier, set_span_in_context(NonRecordingSpan(context))
        )
    state = context.trace_state
    assert isinstance(state, TraceState)
    assert (carrier["tracestate"], list(state.items()), state["1a"], "e@" in state, len(state)) == (
        header,
        [("1a", "1"), ("b@c@d", "2"), ("e@", "3")],
        "1",
        True,
        3,
    )
    assert caplog.records == []


def test_nothing_is_sent_for_an_empty_state():
    context = SpanContext(1, 1, True, TraceFlags(1), parse_tracestate(",,"))
    carrier = {}
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(NonRecordingSpan(context)))
    assert carrier.keys() == {"traceparent"}


def test_state_of_a_program_is_changed_by_the_same_rules():
    state = CarriedTraceState.from_header(["1a=1", "b=2"])
    assert state.add("c@@", "3").to_header() == "c@@=3,1a=1,b=2"
    assert state.update("b", "4").to_header() == "b=4,1a=1"
    assert state.update("2", "4").to_header() == "2=4,1a=1,b=2"
    assert state.delete("b").to_header() == "1a=1"
    assert state.to_header() == "1a=1,b=2"
    assert CarriedTraceState([("1a", "1"), ("b", "2")]) == state


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda state: state.add("1a", "2"), id="add a key that exists"),
        pytest.param(lambda state: state.add("A", "2"), id="add an invalid key"),
        pytest.param(lambda state: state.update("b", "x "), id="update to an invalid value"),
        pytest.param(lambda state: state.delete("b"), id="delete a key that does not exist"),
    ],
)
def test_change_that_is_not_allowed_is_logged_and_changes_nothing(change, caplog):
    state = CarriedTraceState([("1a", "1")])
    assert change(state) is state
    assert len(caplog.records) == 1


def test_full_state_takes_no_new_entry(caplog):
    full = CarriedTraceState.from_header(members(MAX_MEMBERS))
    assert (full.add("x", "1"), full.update("x", "1")) == (full, full)
    assert full.update("k9", "2").to_header().startswith("k9=2,k0=v,")
    assert len(CarriedTraceState([(f"k{index}", "v") for index in range(33)])) == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3


def test_program_that_sets_invalid_entries_finds_them_in_the_log(caplog):
    state = CarriedTraceState([("a", "1"), ("A", "1"), ("a", "2"), ("b", "")])
    assert state.to_header() == "a=1"
    assert len(caplog.records) == 3
