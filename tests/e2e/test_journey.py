"""A member's journey through the service: the complete trace and the log line of each step."""

import time
from argparse import Namespace
from uuid import UUID

import pytest

from stack import paths
from stack import trace as command
from tests.e2e.accounts import SECOND_ADDRESS
from tests.e2e.expected_journey import JOURNEY, MODEL, QUERIES, STRIPE, TOKENS, expected_trees
from tests.e2e.journey import USER_AGENT, MemberJourney, new_therapist
from tests.e2e.logs import access_line
from tests.e2e.polling import poll
from tests.e2e.traces import spans_of, trace_id_of, trees
from tests.support.phases import PHASES, phases_of, without_phases

pytestmark = pytest.mark.e2e

FURTHER_PHASES = {
    "register": {"threadpool"},
    "login": {"threadpool"},
    "pay": {"external"},
    "chat": {"external"},
}
"""Phases of a step beside those of every step."""
OF_CALLS = {"external", "threadpool"}
"""Those that no other step has."""
STRAGGLERS_SECONDS = 20


def wait_for_spans(stack, name, step) -> list:
    """Return the spans of a step.

    Waits until the expected number has arrived; at most ``STRAGGLERS_SECONDS`` longer than for the
    server span, which ends last.
    """
    trace_id, expected = trace_id_of(step.request_id), 1 + len(JOURNEY[name][2])
    server_arrived: list[float] = []

    def whole_trace():
        spans = spans_of(stack.url("tempo"), trace_id)
        if any(span.kind == "SERVER" for span in spans):
            server_arrived.append(time.monotonic())
        is_whole = server_arrived and (
            len(spans) >= expected or time.monotonic() - server_arrived[0] > STRAGGLERS_SECONDS
        )
        return spans if is_whole else None

    spans = poll(whole_trace, what=f"the trace {trace_id}")
    (server,) = [span for span in spans if span.kind == "SERVER"]
    # A busy machine makes requests slow, which other tests cover.
    server.attributes.pop("request.slow", None)
    server.attributes.pop("request.dominant_phase", None)
    for span in spans:
        # The model decides how many.
        span.attributes.update(
            {name: "some" for name in TOKENS if 0 < span.attributes.get(name, 0) < 1000}
        )
    return spans


def lines(nodes, depth=0) -> list[str]:
    """Format trees as text with one span per line, for a readable difference."""
    found = []
    for node in nodes:
        shown = without_phases(node.attributes)
        attributes = ", ".join(f"{name}={value}" for name, value in sorted(shown.items()))
        found.append(f"{'  ' * depth}{node.name} ({node.kind}, {node.status}): {attributes}")
        found += lines(node.children, depth + 1)
    return found


def server_timing_names(step) -> set[str]:
    """Return the names in ``Server-Timing``."""
    return {
        part.split(";")[0].strip() for part in step.response.headers["Server-Timing"].split(",")
    }


def check_line(stack, name, step, server) -> None:
    """The access log line of a step describes the same request, with the phases of its time."""
    route, status, _ = JOURNEY[name]
    line = access_line(stack.log_path("service"), step.request_id)
    phases, took = line.pop("phases"), line.pop("duration_seconds")
    assert line.pop("time")
    assert line == {
        "level": "INFO",
        "logger": "access",
        "message": "request",
        "request_id": step.request_id,
        "trace_id": server.trace_id,
        "span_id": server.span_id,
        "method": step.method,
        "route": route.split()[1],
        "path": step.path,
        "query": QUERIES.get(name, ""),
        "status": status,
        "response_bytes": len(step.response.content),
        "client_address": SECOND_ADDRESS,
        "user_agent": USER_AGENT,
        "outcome": "completed",
        "service": "serene",
        "instance": server.resource["service.instance.id"],
        "environment": "development",
    }, name
    assert took == pytest.approx(server.seconds, abs=1e-5)
    assert phases.keys() & OF_CALLS == FURTHER_PHASES.get(name, set()), name
    of_span = phases_of(server.attributes, server.seconds)
    assert {phase: phases[phase] for phase in of_span} == pytest.approx(of_span, abs=1e-5)
    assert sum(phases.values()) == pytest.approx(took, rel=0.02, abs=1e-3)
    # Of the database's part, the time in which nothing else ran: on a busy machine perhaps none.
    assert phases.get("db", 0.0) < took - phases["cpu"]


def check_external(name, step, server, spans, phases) -> None:
    """The phase ``external`` is a part of the one span of a call to another service."""
    (outside,) = [span for span in spans if span.name in (STRIPE, MODEL)]
    assert 0 < phases["external"] <= outside.seconds + 1e-5, name
    assert outside.seconds < server.seconds


@pytest.mark.usefixtures("demo_traffic")
def test_journey_of_a_member(stack, monkeypatch, capsys):
    steps = MemberJourney(stack.url("service")).run(new_therapist(stack))
    assert [name for name in steps if name in JOURNEY] == list(JOURNEY)
    for name, step in steps.items():
        spans = wait_for_spans(stack, name, step)
        assert lines(trees(spans)) == lines(expected_trees(stack, name, step)), name
        (server,) = [span for span in spans if span.kind == "SERVER"]
        assert {span.resource["service.name"] for span in spans} == {"serene"}
        check_line(stack, name, step, server)
        timing = server_timing_names(step)
        assert timing >= {"total", "traceparent", "cpu"}, name
        assert timing - {"total", "traceparent"} <= PHASES, name
        # The companion's response starts when its call does.
        assert timing & OF_CALLS <= FURTHER_PHASES.get(name, set()), name
        if "external" in FURTHER_PHASES.get(name, set()):
            check_external(
                name,
                step,
                server,
                spans,
                access_line(stack.log_path("service"), step.request_id)["phases"],
            )
    check_trace_command(stack, steps["pay"], monkeypatch, capsys)


def check_trace_command(stack, step, monkeypatch, capsys) -> None:
    """``serene trace`` prints the payment: each call below the request, then its log line."""
    monkeypatch.setattr(paths, "state_directory", lambda _offset: stack.directory)
    assert command.trace(Namespace(port_offset=stack.offset, id=UUID(step.request_id))) == 0
    drawn, *log = capsys.readouterr().out.rstrip("\n").split("\n\n")
    route, _, calls = JOURNEY["pay"]
    names = [row[:44].rstrip() for row in drawn.splitlines()]
    assert names == [f"{route[:43]}…", *(f"  {what}" for what in calls)]
    # A slow request has one more line.
    assert (
        sum(
            '"logger":"access"' in line and f'"request_id":"{step.request_id}"' in line
            for line in log
        )
        == 1
    )
