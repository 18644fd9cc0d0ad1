"""A request id, a traceparent and an exemplar on a histogram each lead to a trace."""

import socket
import time
import uuid

import pytest
import requests

from tests.e2e.load import send
from tests.e2e.logs import access_line
from tests.e2e.metrics import exemplars
from tests.e2e.polling import poll
from tests.e2e.traces import spans_of, trace_id_of, wait_for_trace
from tests.support.phases import phases_of, without_phases
from tests.support.polling import TIMEOUT_SECONDS

pytestmark = pytest.mark.e2e

SLUG_ROUTE = "/api/v1/blog/posts/<slug>"


@pytest.fixture(scope="module")
def slug(stack):
    return requests.get(
        f"{stack.url('service')}/api/v1/blog/posts", params={"limit": 1}, timeout=60
    ).json()["posts"][0]["slug"]


def check_server_span(stack, span, response, slug):
    """The server span describes the request, without the value of its query."""
    assert (span.name, span.kind, span.parent_span_id, span.status) == (
        f"GET {SLUG_ROUTE}",
        "SERVER",
        "",
        "UNSET",
    )
    peer_port = span.attributes.pop("network.peer.port", None)
    assert peer_port is None or peer_port > 0
    assert span.attributes.pop("http.response.body.size") == len(response.content)
    assert phases_of(span.attributes, span.seconds)["cpu"]
    assert without_phases(span.attributes) == {
        "request.id": response.headers["X-Request-ID"],
        "http.request.method": "GET",
        "http.route": SLUG_ROUTE,
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": f"/api/v1/blog/posts/{slug}",
        "url.query": "token=REDACTED",
        "server.address": "127.0.0.1",
        "server.port": stack.port("service"),
        "client.address": "127.0.0.1",
        "network.peer.address": "127.0.0.1",
        "network.protocol.version": "1.1",
        "user_agent.original": "follower/1",
    }
    assert span.resource["service.name"] == "serene"
    assert span.resource["service.instance.id"] in {
        f"{socket.gethostname()}/{slot}" for slot in (0, 1)
    }


def check_database_span(span, server, slug):
    """The database span is a part of the server span, and has no value of the query."""
    assert (span.kind, span.parent_span_id) == ("CLIENT", server.span_id)
    assert span.attributes["db.system.name"] == "mongodb"
    assert span.attributes["db.operation.name"] in {"find", "aggregate"}
    assert span.attributes["db.collection.name"] == "posts"
    assert slug not in str(span.attributes)
    assert 0 < span.seconds < server.seconds


def test_request_id_leads_to_the_server_span_the_database_span_and_the_log_line(stack, slug):
    response = requests.get(
        f"{stack.url('service')}/api/v1/blog/posts/{slug}",
        params={"token": "secret"},
        headers={"User-Agent": "follower/1"},
        timeout=TIMEOUT_SECONDS,
    )
    assert response.status_code == 200
    request_id = response.headers["X-Request-ID"]
    assert uuid.UUID(request_id).version == 4

    server, database = wait_for_trace(stack.url("tempo"), trace_id_of(request_id), spans=2)
    check_server_span(stack, server, response, slug)
    check_database_span(database, server, slug)

    line = access_line(stack.log_path("service"), request_id)
    assert (line["trace_id"], line["span_id"], line["route"], line["status"]) == (
        server.trace_id,
        server.span_id,
        SLUG_ROUTE,
        200,
    )
    assert line["query"] == "token=REDACTED"


def test_traceparent_sets_the_trace_id_and_not_the_request_id(stack, slug):
    trace_id, parent = uuid.uuid4().hex, "00f067aa0ba902b7"
    headers = {"traceparent": f"00-{trace_id}-{parent}-01", "X-Request-ID": str(uuid.uuid4())}
    response = requests.get(
        f"{stack.url('service')}/api/v1/blog/posts/{slug}", headers=headers, timeout=60
    )
    request_id = response.headers["X-Request-ID"]
    assert request_id != headers["X-Request-ID"], (
        "an id from a client that is no trusted proxy was accepted"
    )
    assert f'traceparent;desc="00-{trace_id}-' in response.headers["Server-Timing"]
    spans = {span.kind: span for span in wait_for_trace(stack.url("tempo"), trace_id, spans=2)}
    assert spans["SERVER"].attributes["request.id"] == request_id
    assert (spans["SERVER"].trace_id, spans["SERVER"].parent_span_id) == (trace_id, parent)
    assert (spans["CLIENT"].trace_id, spans["CLIENT"].parent_span_id) == (
        trace_id,
        spans["SERVER"].span_id,
    )
    assert spans_of(stack.url("tempo"), trace_id_of(request_id)) == []


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/api/v1/nothing", 404), ("/api/v1/health/liveness", 200)]
)
def test_any_response_has_a_trace(stack, path, status):
    result = send(stack.url("service"), path)
    assert result.status == status
    (span,) = wait_for_trace(stack.url("tempo"), trace_id_of(result.request_id))
    assert (span.attributes["http.response.status_code"], span.attributes["request.id"]) == (
        status,
        result.request_id,
    )


@pytest.mark.usefixtures("demo_traffic")
@pytest.mark.parametrize(
    ("metric", "enough"),
    [("http_server_request_duration_seconds", 20), ("serene_companion_seconds", 3)],
)
def test_every_exemplar_leads_to_a_trace_in_tempo(stack, metric, enough):
    def trace_ids():
        now = time.time()
        found = exemplars(stack.url("prometheus"), f"{metric}_bucket", start=now - 300, end=now)
        return {exemplar["labels"]["trace_id"] for exemplar in found}

    found = poll(
        lambda: ids if len(ids := trace_ids()) >= enough else None,
        timeout_seconds=60,
        what=f"{enough} exemplars",
    )

    def missing():
        return {trace_id for trace_id in found if not spans_of(stack.url("tempo"), trace_id)}

    # A trace may arrive later than its exemplar.
    assert poll(lambda: not missing(), what="a trace for each exemplar")
