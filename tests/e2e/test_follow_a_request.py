"""A request can be followed: from its id to its trace, from a dot on the histogram to its trace."""

import socket
import time
import uuid

import pytest
import requests

from tests.e2e.load import ask
from tests.e2e.observing import log_lines, spans_of, trace, wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

SLUG_ROUTE = "/api/v1/blog/posts/<slug>"


@pytest.fixture(scope="module")
def slug(stack):
    return requests.get(
        f"{stack.url('service')}/api/v1/blog/posts", params={"limit": 1}, timeout=60
    ).json()["posts"][0]["slug"]


def test_request_id_is_a_trace_with_its_server_span_and_its_database_span(stack, slug):
    answer = requests.get(
        f"{stack.url('service')}/api/v1/blog/posts/{slug}",
        params={"token": "secret"},
        headers={"User-Agent": "follower/1"},
        timeout=PATIENCE_SECONDS,
    )
    assert answer.status_code == 200
    request_id = answer.headers["X-Request-ID"]
    assert uuid.UUID(request_id).version == 4
    server, database = trace(stack.url("tempo"), uuid.UUID(request_id).hex, spans=2)

    assert (server.name, server.kind, server.parent_span_id, server.status) == (
        f"GET {SLUG_ROUTE}",
        "SERVER",
        "",
        "UNSET",
    )
    port = stack.port("service")
    peer_port = server.attributes.pop("network.peer.port", None)
    assert peer_port is None or peer_port > 0
    assert server.attributes.pop("http.response.body.size") == len(answer.content)
    expected = {
        "request.id": request_id,
        "http.request.method": "GET",
        "http.route": SLUG_ROUTE,
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": f"/api/v1/blog/posts/{slug}",
        "url.query": "token=REDACTED",
        "server.address": "127.0.0.1",
        "server.port": port,
        "client.address": "127.0.0.1",
        "network.protocol.version": "1.1",
        "user_agent.original": "follower/1",
    }
    assert server.attributes == expected
    assert server.resource["service.name"] == "serene"
    assert server.resource["service.instance.id"] in {
        f"{socket.gethostname()}/{slot}" for slot in (0, 1)
    }

    assert (database.kind, database.parent_span_id) == ("CLIENT", server.span_id)
    assert database.attributes["db.system.name"] == "mongodb"
    assert database.attributes["db.operation.name"] in {"find", "aggregate"}
    assert database.attributes["db.collection.name"] == "posts"
    assert slug not in str(database.attributes)
    assert 0 < database.seconds < server.seconds

    (line,) = wait_for(
        lambda: log_lines(stack.log_path("service"), request_id=request_id, logger="access"),
        PATIENCE_SECONDS,
        "the log line",
    )
    assert (line["trace_id"], line["span_id"], line["route"], line["status"]) == (
        server.trace_id,
        server.span_id,
        SLUG_ROUTE,
        200,
    )
    assert line["query"] == "token=REDACTED"


def test_traceparent_names_the_trace_and_the_request_keeps_an_id_of_its_own(stack, slug):
    trace_id, parent = uuid.uuid4().hex, "00f067aa0ba902b7"
    headers = {"traceparent": f"00-{trace_id}-{parent}-01", "X-Request-ID": str(uuid.uuid4())}
    answer = requests.get(
        f"{stack.url('service')}/api/v1/blog/posts/{slug}", headers=headers, timeout=60
    )
    request_id = answer.headers["X-Request-ID"]
    assert request_id != headers["X-Request-ID"], (
        "an id from a client that is no trusted proxy was honoured"
    )
    assert f'traceparent;desc="00-{trace_id}-' in answer.headers["Server-Timing"]
    spans = {span.kind: span for span in trace(stack.url("tempo"), trace_id, spans=2)}
    assert spans["SERVER"].attributes["request.id"] == request_id
    assert (spans["SERVER"].trace_id, spans["SERVER"].parent_span_id) == (trace_id, parent)
    assert (spans["CLIENT"].trace_id, spans["CLIENT"].parent_span_id) == (
        trace_id,
        spans["SERVER"].span_id,
    )
    assert spans_of(stack.url("tempo"), uuid.UUID(request_id).hex) == []


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/api/v1/nothing", 404), ("/api/v1/health/liveness", 200)]
)
def test_any_response_can_be_followed(stack, path, status):
    answer = ask(stack.url("service"), path)
    assert answer.status == status
    (span,) = trace(stack.url("tempo"), uuid.UUID(answer.request_id).hex)
    assert (span.attributes["http.response.status_code"], span.attributes["request.id"]) == (
        status,
        answer.request_id,
    )


@pytest.mark.usefixtures("demo_traffic")
@pytest.mark.parametrize(
    ("metric", "enough"),
    [("http_server_request_duration_seconds", 20), ("serene_companion_seconds", 3)],
)
def test_every_exemplar_names_a_trace_that_tempo_has(stack, metric, enough):
    def exemplars():
        now = time.time()
        params = {"query": f"{metric}_bucket", "start": now - 300, "end": now}
        series = requests.get(
            f"{stack.url('prometheus')}/api/v1/query_exemplars", params=params, timeout=60
        ).json()["data"]
        return {exemplar["labels"]["trace_id"] for one in series for exemplar in one["exemplars"]}

    found = wait_for(
        lambda: ids if len(ids := exemplars()) >= enough else None, 60, f"{enough} exemplars"
    )

    def missing():
        return {trace_id for trace_id in found if not spans_of(stack.url("tempo"), trace_id)}

    # A trace may still be on its way; one that is not there ten seconds later never will be.
    assert wait_for(lambda: not missing(), PATIENCE_SECONDS, "a trace for each exemplar")
