"""A member's whole way through the service, each step followed by its request id: its trace whole,
and its line in the log.
"""

import time
import uuid
from argparse import Namespace

import pytest

from stack import paths
from stack import trace as command
from tests.e2e.journey import ADDRESS, USER_AGENT, Traveller, therapist
from tests.e2e.observing import Node, log_lines, spans_of, trees, wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

USUAL = {
    "find": 'find {"filter":{"_id":"?"}}',
    "insert": "insert",
    "delete": 'delete {"q":{"_id":"?"}}',
    "update": 'update {"q":{"_id":"?"}}',
}
"""What is asked of a collection when nothing else is said: something of a given name."""
A_DAY = '{"_id":{"$gte":"?","$lt":"?"}}'
STRIPE, MODEL = "POST /v1/payment_intents", "chat serene-companion"

# Route, status, and what was called, in order: "operation collection", or with the text of the
# query, or with further attributes.
JOURNEY = {
    "register": ("POST /api/v1/auth/register", 201, ["insert accounts", "insert credentials"]),
    "login": (
        "POST /api/v1/auth/login",
        200,
        [
            # A guess is counted before it is made: by e-mail, by address; a right one is forgotten.
            ("delete guesses", 'delete {"q":{"key":"?","at":{"$lt":"?"}}}'),
            "insert guesses",
            ("delete guesses", 'delete {"q":{"key":"?","at":{"$lt":"?"}}}'),
            "insert guesses",
            ("find guesses", 'find {"filter":{"key":"?"}}'),
            ("find guesses", 'find {"filter":{"key":"?"}}'),
            "find credentials",
            ("delete guesses", 'delete {"q":{"key":"?"}}'),
            ("delete guesses", 'delete {"q":{"key":"?"}}'),
            "find accounts",
            ("find logins", 'find {"filter":{"account_id":"?","expires_at":{"$lt":"?"}}}'),
            "insert logins",
            "insert refresh_tokens",
        ],
    ),
    "therapists": (
        "GET /api/v1/therapists",
        200,
        [("find therapists", 'find {"filter":{},"sort":{"_id":"?"}}')],
    ),
    "slots": (
        "GET /api/v1/therapists/<uuid:therapist_id>/slots",
        200,
        [
            "find therapists",
            ("find slot_sales", f'find {{"filter":{A_DAY},"sort":{{"_id":"?"}}}}'),
            ("find slots", f'find {{"filter":{A_DAY},"sort":{{"_id":"?"}}}}'),
        ],
    ),
    "book": (
        "POST /api/v1/sessions",
        201,
        [
            "find slots",
            # How many the member holds unpaid.
            ("find bookings", 'find {"filter":{"member_id":"?","expires_at":{"$gt":"?"}}}'),
            "find slot_sales",
            "insert booking_tasks",
            "insert slot_sales",
            "insert bookings",
        ],
    ),
    "pay": (
        "POST /api/v1/sessions/<uuid:session_id>/payment",
        200,
        [
            "find bookings",
            "find booking_outcomes",
            # The idempotency key is taken.
            "find answers",
            "insert answer_leases",
            "find answers",
            "find booking_outcomes",
            "find payment_attempts",
            "insert booking_tasks",
            "insert payment_attempts",
            "find booking_outcomes",
            STRIPE,
            "insert payment_results",
            "insert booking_outcomes",
            "find booking_outcomes",
            "insert care",
            "delete booking_tasks",
            "delete booking_tasks",
            # The answer, kept for whoever sends the key again.
            "find booking_outcomes",
            "find booking_cancellations",
            "insert answers",
            "find answers",
        ],
    ),
    "upload": (
        "POST /api/v1/files",
        201,
        [
            # Room is reserved for it, under the account's quota.
            ("find uploads.reservations", 'find {"filter":{"begun_at":{"$lt":"?"}}}'),
            "insert uploads.reservations",
            (
                "find uploads.reservations",
                'find {"filter":{"owner_id":"?","begun_at":{"$gte":"?"}}}',
            ),
            ("find uploads.files", 'find {"filter":{"metadata.owner_id":"?"}}'),
            "insert uploads.chunks",
            "insert uploads.files",
            "delete uploads.reservations",
        ],
    ),
    "chat": (
        "POST /api/v1/companion/messages",
        200,
        [
            MODEL,
            "insert conversations",
            ("insert conversation_messages", "insert", {"db.operation.batch.size": 2}),
            "find conversations",
        ],
    ),
    "logout": ("POST /api/v1/auth/logout", 204, ["update logins"]),
}
OF_ITS_OWN = {
    "register": {"threadpool"},
    "login": {"threadpool"},
    "pay": {"external"},
    "chat": {"external"},
}
"""The phases of a step beside those that each has."""
QUERIES = {"slots": "from=REDACTED"}
STRAGGLERS_SECONDS = 20
TOKENS = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")


def call(stack, what) -> Node:
    """The span of one call, expected."""
    name, text, more = (
        (what, USUAL.get(what.split()[0]), {}) if isinstance(what, str) else (*what, {})[:3]
    )
    here = {"server.address": "127.0.0.1"}
    if name == STRIPE:
        url, template = stack.url("stripe-mock"), name.split()[1]
        port = stack.port("stripe-mock")
        attributes = {
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "url.full": f"{url}{template}",
            "url.template": template,
        }
    elif name == MODEL:
        port = stack.port("model")
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "serene-companion",
        }
        attributes |= dict.fromkeys(TOKENS, "some")
    else:
        port = stack.port("mongodb")
        operation, collection = name.split()
        attributes = {
            "db.system.name": "mongodb",
            "db.namespace": "serene",
            "db.operation.name": operation,
            "db.query.summary": name,
        }
        attributes |= {"db.query.text": text, "db.collection.name": collection}
    return Node(name, "CLIENT", "UNSET", here | {"server.port": port} | attributes | more)


def served(stack, name, step) -> tuple[Node, ...]:
    """The trace of one step, expected."""
    route, status, calls = JOURNEY[name]
    attributes = {
        "request.id": step.request_id,
        "http.request.method": step.method,
        "http.route": route.split()[1],
        "http.response.status_code": status,
        "http.response.body.size": len(step.answer.content),
        "url.scheme": "http",
        "url.path": step.path,
        "server.address": "127.0.0.1",
        "server.port": stack.port("service"),
        "client.address": ADDRESS,
        "network.protocol.version": "1.1",
        "user_agent.original": USER_AGENT,
    }
    if name in QUERIES:
        attributes["url.query"] = QUERIES[name]
    return (Node(route, "SERVER", "UNSET", attributes, tuple(call(stack, what) for what in calls)),)


def seen(stack, name, step) -> list:
    """The spans of a step, once all that are expected are there, or its own, which ends last, has
    been for long.
    """
    trace_id, expected = uuid.UUID(step.request_id).hex, 1 + len(JOURNEY[name][2])
    server_is_there: list[float] = []

    def look():
        spans = spans_of(stack.url("tempo"), trace_id)
        if any(span.kind == "SERVER" for span in spans):
            server_is_there.append(time.monotonic())
        is_whole = server_is_there and (
            len(spans) >= expected or time.monotonic() - server_is_there[0] > STRAGGLERS_SECONDS
        )
        return spans if is_whole else None

    spans = wait_for(look, PATIENCE_SECONDS, f"the trace {trace_id}")
    (server,) = [span for span in spans if span.kind == "SERVER"]
    # A busy machine makes requests slow, which their spans say; that is another test's affair.
    server.attributes.pop("request.slow", None)
    server.attributes.pop("request.dominant_phase", None)
    for span in spans:
        # The model's affair.
        span.attributes.update(
            {name: "some" for name in TOKENS if 0 < span.attributes.get(name, 0) < 1000}
        )
    return spans


def lines(nodes, depth=0) -> list[str]:
    """Trees as text, a span a line: a difference is seen at once."""
    found = []
    for node in nodes:
        told = ", ".join(f"{name}={value}" for name, value in sorted(node.attributes.items()))
        found.append(f"{'  ' * depth}{node.name} ({node.kind}, {node.status}): {told}")
        found += lines(node.children, depth + 1)
    return found


def told_in_server_timing(step) -> set[str]:
    """The names in ``Server-Timing``."""
    return {part.split(";")[0].strip() for part in step.answer.headers["Server-Timing"].split(",")}


def access_line(stack, step) -> dict:
    """The step's line in the log."""
    path = stack.log_path("service")
    (line,) = wait_for(
        lambda: log_lines(path, request_id=step.request_id, logger="access"),
        PATIENCE_SECONDS,
        "the log line",
    )
    return line


def check_line(stack, name, step, server) -> None:
    """One step's line tells the same request, and where its time went."""
    route, status, _ = JOURNEY[name]
    line = access_line(stack, step)
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
        "response_bytes": len(step.answer.content),
        "client_address": ADDRESS,
        "user_agent": USER_AGENT,
        "outcome": "completed",
        "service": "serene",
        "instance": server.resource["service.instance.id"],
        "environment": "development",
    }, name
    assert took == pytest.approx(server.seconds, abs=1e-5)
    assert phases.keys() == {"cpu", "db", "db_pool_wait", "other"} | OF_ITS_OWN.get(name, set()), (
        name
    )
    assert all(seconds >= 0 for seconds in phases.values())
    assert 0 < phases["db"] < took


def check_external(name, step, server, spans, phases) -> None:
    """The wait for somebody else is the span's, once."""
    (outside,) = [span for span in spans if span.name in (STRIPE, MODEL)]
    assert phases["external"] == pytest.approx(outside.seconds, abs=1e-5), name
    assert outside.seconds < server.seconds


@pytest.mark.usefixtures("demo_traffic")
def test_the_journey_of_a_member(stack, monkeypatch, capsys):
    steps = Traveller(stack.url("service")).walk(therapist(stack))
    assert [name for name in steps if name in JOURNEY] == list(JOURNEY)
    for name, step in steps.items():
        spans = seen(stack, name, step)
        assert lines(trees(spans)) == lines(served(stack, name, step)), name
        (server,) = [span for span in spans if span.kind == "SERVER"]
        assert {span.resource["service.name"] for span in spans} == {"serene"}
        check_line(stack, name, step, server)
        times = {"total", "traceparent"} | OF_ITS_OWN.get(name, set())
        # The answer of the companion begins before anything is written down.
        assert told_in_server_timing(step) == times | (
            set() if name == "chat" else {"db", "db_pool_wait"}
        ), name
        if "external" in OF_ITS_OWN.get(name, set()):
            check_external(name, step, server, spans, access_line(stack, step)["phases"])
    check_drawing(stack, steps["pay"], monkeypatch, capsys)


def check_drawing(stack, step, monkeypatch, capsys) -> None:
    """``serene trace`` draws the payment: each call under the request, and its line below."""
    monkeypatch.setattr(paths, "state_directory", lambda _offset: stack.directory)
    assert command.trace(Namespace(port_offset=stack.offset, id=uuid.UUID(step.request_id))) == 0
    drawn, *told = capsys.readouterr().out.rstrip("\n").split("\n\n")
    route, _, calls = JOURNEY["pay"]
    names = [row[:44].rstrip() for row in drawn.splitlines()]
    assert names == [f"{route[:43]}…", *(f"  {what}" for what in calls)]
    # One more when it was slow.
    assert (
        sum(
            '"logger":"access"' in line and f'"request_id":"{step.request_id}"' in line
            for line in told
        )
        == 1
    )
