"""Which traces a real worker sends: decided at the end, within a budget that is shared fairly."""

import http.client
import secrets
import socket
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from signal import SIGTERM

import gevent
import pytest
from opentelemetry.trace import StatusCode
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from telemetry.names import (
    REQUEST_DURATION,
    SPANS,
    SPANS_OVER_BUDGET,
)
from telemetry.span_names import MISSING_SPANS_ATTRIBUTE
from tests.machine import PATIENCE_SECONDS
from tests.support.delivered import decoded
from tests.support.polling import wait_until, wait_until_equal
from tests.support.processes import gunicorn
from tests.telemetry.tracing.collector import Collector

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

APP = "tests.telemetry.tracing.apps.kept:app"
SETTINGS = {
    "OTEL_TRACES_SAMPLER_ARG": "0",
    "TELEMETRY_EXPORT_INTERVAL_SECONDS": "0.05",
    "TELEMETRY_SLOW_AFTER_SECONDS": "30",
}


@dataclass
class Worker:
    """A worker, and the receiver of its spans.

    Args:
        server: Runs it.
        collector: Receives its spans.
    """

    server: object
    collector: Collector

    def ask(self, path, *, sampled=False):
        """Request a path, as a caller with a trace of its own; returns the id of that."""
        trace_id = secrets.token_hex(16)
        flags = "01" if sampled else "00"
        headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"}
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.port, timeout=PATIENCE_SECONDS
        )
        with closing(connection):
            connection.request("GET", path, headers=headers)
            connection.getresponse().read()
        return trace_id

    def leave(self, path):
        """Request a path, read a part of the response and close the connection."""
        trace_id = secrets.token_hex(16)
        head = f"GET {path} HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{trace_id}-{'1' * 16}-00\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:
            client.settimeout(PATIENCE_SECONDS)
            client.sendall(head.encode())
            client.recv(1000)
        return trace_id

    @property
    def encoded(self):
        """Names of the spans that were encoded until now."""
        return self.server.get("/encoded").json

    def metrics(self):
        """The samples of its metrics, with their exemplars."""
        port = self.server.get("/who").json["port"]
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request(
                "GET", "/metrics", headers={"Accept": "application/openmetrics-text"}
            )
            text = connection.getresponse().read().decode()
        return [one for family in text_string_to_metric_families(text) for one in family.samples]

    def left_out(self):
        """Spans that a budget left out, by reason; each reason is exposed from the start."""
        return {
            one.labels["reason"]: int(one.value)
            for one in self.metrics()
            if one.name == SPANS_OVER_BUDGET.name and one.value
        }

    def decided(self):
        """Ended spans by decision."""
        return {
            one.labels["decision"]: int(one.value)
            for one in self.metrics()
            if one.name == SPANS.name and one.value
        }

    def end(self):
        """End the worker, which sends what is left; returns all spans that it has sent."""
        self.server.signal(SIGTERM)
        assert self.server.exit_code() == 0
        return self.delivered()

    def delivered(self):
        """The spans that were received until now."""
        return [span for body in self.collector.accepted for span in decoded(body)]


@contextmanager
def worker(**settings):
    """Run the app on a worker, and a receiver of its spans."""
    with (
        Collector() as collector,
        gunicorn(
            app=APP, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, **{**SETTINGS, **settings}
        ) as server,
    ):
        server.wait_until_ready()
        yield Worker(server, collector)


def traces_of(spans):
    """Spans by their trace id."""
    found = {}
    for span in spans:
        found.setdefault(f"{span.context.trace_id:032x}", []).append(span)
    return found


def test_failed_cut_and_slow_requests_are_sent_though_their_caller_did_not_sample_them():
    paths = {"failed": "/fail", "slow": "/slow", "client_disconnected": "/endless"}
    with worker() as one:
        asked = {
            "failed": one.ask("/fail"),
            "slow": one.ask("/slow"),
            "client_disconnected": one.leave("/endless"),
        }
        one.ask("/page")
        one.ask("/patient")
        wait_until_equal(
            lambda: {key: count for key, count in one.decided().items() if key in asked},
            dict.fromkeys(asked, 2),
        )
        found = traces_of(one.end())
    assert found.keys() == set(asked.values())
    for reason, path in paths.items():
        child, server = found[asked[reason]]
        assert (server.name, child.name) == (f"GET {path}", "work")
        assert child.parent.span_id == server.context.span_id
        assert server.context.trace_state.get("ot") == "th:0"
    assert found[asked["failed"]][1].status.status_code is StatusCode.ERROR
    assert found[asked["slow"]][1].attributes["request.slow"] is True


def test_ordinary_request_at_ratio_0_is_counted_and_never_encoded():
    with worker() as one:
        before = one.decided()
        for _ in range(20):
            one.ask("/page?spans=3")
        assert one.encoded == []
        ordinary = one.decided()["not_kept"] - before.get("not_kept", 0)
        one.ask("/fail")
        wait_until(one.delivered, what="the spans of the failed request")
        encoded = one.encoded
        spans = one.end()
    assert ordinary >= 80
    assert sorted(encoded) == sorted(span.name for span in spans) == ["GET /fail", "work"]


def test_exemplars_name_only_traces_that_were_sent():
    with worker(OTEL_TRACES_SAMPLER_ARG="0.5") as one:
        asked = [
            one.ask(path, sampled=sampled)
            for path in ("/page", "/fail", "/slow", "/patient") * 8
            for sampled in (False, True)
        ]
        named = {
            sample.exemplar.labels["trace_id"]
            for sample in one.metrics()
            if sample.name == f"{REQUEST_DURATION.name}_bucket" and sample.exemplar
        }
        found = traces_of(one.end())
    assert len(named) >= 3
    assert named <= found.keys()
    assert {"/fail", "/slow"} <= {
        span.attributes["http.route"]
        for trace_id in named & set(asked)
        for span in found[trace_id]
        if "http.route" in span.attributes
    }


PER_SECOND = 20
INCIDENT_SECONDS = 6.0
RARE_EVERY_SECONDS = 0.5


def ask_until(one, path, ends, count, pause=0.0):
    """Request a path until a moment."""
    while time.monotonic() < ends:
        one.ask(path)
        count[path] += 1
        gevent.sleep(pause)


def test_incident_leaves_each_route_and_reason_its_share_and_counts_the_rest():
    asked = Counter()
    with worker(TELEMETRY_KEPT_SPANS_PER_SECOND=PER_SECOND) as one:
        began = time.monotonic()
        ends = began + INCIDENT_SECONDS
        loads = [(path, 0.0) for path in ("/busy", "/busy", "/busy", "/other")]
        loads.append(("/rare", RARE_EVERY_SECONDS))
        gevent.joinall(
            [gevent.spawn(ask_until, one, path, ends, asked, pause) for path, pause in loads],
            raise_error=True,
        )
        wait_until_equal(
            lambda: sum(one.decided().get(key, 0) for key in ("slow", "failed", "over_budget")),
            2 * asked.total(),
        )
        decided, left_out = one.decided(), one.left_out()
        seconds = time.monotonic() - began
        spans = one.end()
    kept = Counter(span.attributes.get("http.route") for span in spans)
    del kept[None]
    assert kept["/rare"] == asked["/rare"] > 5
    assert min(kept["/busy"], kept["/other"]) > 0.4 * max(kept["/busy"], kept["/other"])
    assert len(spans) == decided["slow"] + decided["failed"] <= PER_SECOND * (seconds + 3) + 2
    assert decided["failed"] == 2 * kept["/rare"]
    assert left_out == {"slow": decided["over_budget"]}
    assert decided["over_budget"] == 2 * asked.total() - len(spans) > 0


def test_spans_that_there_is_no_memory_for_are_counted_and_named_on_the_trace():
    with worker(TELEMETRY_UNDECIDED_BYTES=100_000) as one:
        trace_id = one.ask("/fail?spans=200&text=ten-bytes!")
        missing = one.decided()["memory"]
        spans = one.end()
    *children, server = spans
    assert {f"{span.context.trace_id:032x}" for span in spans} == {trace_id}
    assert server.attributes[MISSING_SPANS_ATTRIBUTE] == missing == 200 - len(children)
    assert 0 < len(children) < 100
    assert [span.attributes["index"] for span in children] == list(range(len(children)))
