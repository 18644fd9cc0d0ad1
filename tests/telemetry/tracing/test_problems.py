"""A receiver that takes nothing: each way is found on a real server, and reported once in words.

The words name the setting that is probably wrong.
"""

import logging
from pathlib import Path

import gevent
import gevent.ssl
import pytest

from telemetry.config import TelemetryConfig
from telemetry.metrics import Metrics
from telemetry.names import EXPORT_PROBLEM
from telemetry.tracing.export_state import PATIENCE_SECONDS, SILENCE_SECONDS, ExportState
from telemetry.tracing.problems import PASSING, advice
from tests.clock import Clock
from tests.support.ports import free_port
from tests.telemetry.tracing import collector as collectors
from tests.telemetry.tracing import peers
from tests.telemetry.tracing.collector import Collector, peer, spans_of

TLS = Path(__file__).with_name("tls")
HTML = ([("Content-Type", "text/html; charset=utf-8")], b"<html><h1>It works!</h1></html>")
REASONS = {302: "Found", 307: "Temporary Redirect", 401: "Unauthorized", 403: "Forbidden"}
REASONS |= {404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large"}
REASONS |= {415: "Unsupported Media Type", 497: "HTTP Request Sent to HTTPS Port"}
REASONS |= {502: "Bad Gateway", 504: "Gateway Timeout", 408: "Request Timeout", 501: "None"}
REASONS |= {407: "Proxy Authentication Required"}

ANSWERS = [
    ("wrong path", 404, "not_found", "path of OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("wrong method", 405, "not_found", "path of OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("permanent redirect", (301, [("Location", "/x")], b""), "redirected", "OTEL_EXPORTER_OTLP_"),
    ("redirect", (302, [("Location", "/x")], b""), "redirected", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("307", (307, [("Location", "https://x/")], b""), "redirected", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("no credentials", 401, "unauthorized", "OTEL_EXPORTER_OTLP_HEADERS"),
    ("wrong credentials", 403, "unauthorized", "OTEL_EXPORTER_OTLP_HEADERS"),
    ("a proxy's credentials", 407, "unauthorized", "OTEL_EXPORTER_OTLP_HEADERS"),
    ("too large", 413, "too_large", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
    ("bad request", 400, "rejected", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("media type", 415, "rejected", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("plain to TLS, nginx", (400, *HTML[:1], b"sent to HTTPS port"), "needs_tls", "https://"),
    ("plain to TLS, nginx's code", (497, [], b"to HTTPS port"), "needs_tls", "https://"),
    ("a web server", (200, *HTML), "not_a_collector", "host and port of OTEL_EXPORTER_OTLP_"),
    ("a web server's error", (404, *HTML), "not_found", "path of OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("overloaded", 429, "unavailable", "overloaded"),
    ("overloaded for long", (503, [("Retry-After", "3600")], b""), "unavailable", "overloaded"),
    ("a proxy without Collector", 502, "unavailable", "overloaded"),
    ("a proxy that waits", 504, "unavailable", "overloaded"),
    ("slow request", 408, "unavailable", "overloaded"),
    ("broken", 500, "error", "the Collector's own log"),
    ("not implemented", 501, "error", "the Collector's own log"),
]


def speaks_grpc(connection):
    """Answers as gRPC servers do: with HTTP/2's SETTINGS."""
    connection.sendall(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00")
    connection.recv(65536)
    connection.sendall(b"\x00\x00\x08\x07\x00" + b"\x00" * 12)


def speaks_tls(connection):
    """Answers as TLS servers do: with an alert."""
    connection.recv(65536)
    connection.sendall(b"\x15\x03\x01\x00\x02\x02F")


def speaks_redis(connection):
    connection.recv(65536)
    connection.sendall(b"-ERR unknown command 'POST'\r\n")


def hangs_up_in_the_headers(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.")


PEERS = [
    ("gRPC", speaks_grpc, "grpc", "port of OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("TLS", speaks_tls, "needs_tls", "begin OTEL_EXPORTER_OTLP_ENDPOINT with https://"),
    ("mail", peers.speaks_something_else, "not_http", "host and port of OTEL_EXPORTER_OTLP_"),
    ("redis", speaks_redis, "not_http", "host and port of OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("hung", peers.hangs, "timeout", "TELEMETRY_EXPORT_TIMEOUT_SECONDS"),
    ("deaf", peers.never_reads, "timeout", "TELEMETRY_EXPORT_TIMEOUT_SECONDS"),
    ("trickling", peers.trickles, "timeout", "TELEMETRY_EXPORT_TIMEOUT_SECONDS"),
    ("gone", peers.hangs_up, "unreachable", "host and port of OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("gone in its headers", hangs_up_in_the_headers, "not_http", "host and port"),
]


@pytest.fixture(autouse=True)
def all_reasons(monkeypatch):
    monkeypatch.setattr(collectors, "REASONS", collectors.REASONS | REASONS)


@pytest.fixture
def attempted(tracing_of):
    """The problem of one attempt, and its words."""

    def attempt(endpoint, **settings):
        tracing = tracing_of(otlp_endpoint=endpoint, export_timeout_seconds=0.5, **settings)
        result = tracing._exporter._sender.send(b"")
        config = tracing.export_state._config
        return result.problem, advice(result.problem, config) if result.problem else ""

    return attempt


@pytest.mark.parametrize(
    ("answer", "problem", "words"), [c[1:] for c in ANSWERS], ids=[c[0] for c in ANSWERS]
)
def test_answer_is_a_problem_whose_words_name_the_setting(attempted, answer, problem, words):
    with Collector(answer) as collector:
        found, text = attempted(collector.endpoint)
    assert found == problem
    assert words in text


@pytest.mark.parametrize(
    ("handle", "problem", "words"), [c[1:] for c in PEERS], ids=[c[0] for c in PEERS]
)
def test_peer_that_is_no_collector_is_a_problem(attempted, handle, problem, words):
    with peer(handle) as url:
        found, text = attempted(url)
    assert found == problem
    assert words in text


def test_closed_port_unknown_host_and_tls_that_nobody_speaks(attempted):
    found, text = attempted(f"http://127.0.0.1:{free_port()}")
    assert (found, "start the Collector" in text) == ("refused", True)
    found, text = attempted("http://collector.invalid:4318")
    assert (found, "host of OTEL_EXPORTER_OTLP_ENDPOINT" in text) == ("unknown_host", True)
    with Collector() as collector:
        found, text = attempted(collector.endpoint.replace("http:", "https:"))
    assert found == "no_tls"
    assert "begin OTEL_EXPORTER_OTLP_ENDPOINT with http://" in text


def test_certificate_that_is_not_trusted_and_a_receiver_that_wants_tls(attempted):
    context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    with Collector(ssl_context=context) as collector:
        port = collector.server.server_port
        found, text = attempted(f"https://localhost:{port}")
        assert (found, "OTEL_EXPORTER_OTLP_CERTIFICATE" in text) == ("certificate", True)
        # gevent's server ends the connection without an alert; OpenSSL's own sends one.
        assert attempted(f"http://localhost:{port}")[0] in ("unreachable", "needs_tls")


def test_words_of_the_signals_own_endpoint_and_of_the_port_for_grpc():
    config = TelemetryConfig(otlp_traces_endpoint="http://collector:4317/v1/traces")
    assert "check the path of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" in advice("not_found", config)
    assert advice("unreachable", config).endswith(
        "; port 4317 is usually that for gRPC, 4318 that for HTTP"
    )


def test_environment_of_a_proxy_is_not_used(attempted, monkeypatch):
    with Collector() as collector:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert attempted(collector.endpoint)[0] == ""


class Exporting:
    """A state on a clock that a test moves, with what it logs and exposes."""

    def __init__(self, caplog):
        self.clock = Clock(1000.0)
        self.metrics = Metrics()
        config = TelemetryConfig(otlp_endpoint="http://user:secret@collector:4318")
        self.state = ExportState(config, self.metrics, clock=self.clock)
        self._caplog = caplog
        caplog.set_level(logging.WARNING, "telemetry.tracing")

    def record(self, *problems, seconds=1.0):
        for problem in problems:
            self.state.record(problem)
            self.clock.forward(seconds)
        return self.state.problem

    def lines(self):
        return [record.getMessage() for record in self._caplog.records]

    def failing(self):
        samples = next(iter(self.metrics.gauge(EXPORT_PROBLEM).collect())).samples
        return {sample.labels["reason"] for sample in samples if sample.value}


@pytest.fixture
def exporting(caplog):
    return Exporting(caplog)


def test_problem_is_logged_once_when_it_begins_and_once_when_it_ends(exporting):
    exporting.record(*["not_found"] * 100)
    assert (exporting.failing(), exporting.state.problem) == ({"not_found"}, "not_found")
    exporting.record("", "", "")
    assert exporting.lines() == [
        "spans are not delivered to http://***@collector:4318/v1/traces: it has no such path: "
        "check the path of OTEL_EXPORTER_OTLP_ENDPOINT, /v1/traces is usual",
        "spans are delivered to http://***@collector:4318/v1/traces again, after 100 s",
    ]
    assert (exporting.failing(), exporting.state.problem, exporting.state.advice) == (set(), "", "")


@pytest.mark.parametrize("problem", sorted(PASSING))
def test_receiver_that_restarts_is_no_problem_and_one_that_stays_away_is(exporting, problem):
    assert exporting.record(problem, problem, "", seconds=PATIENCE_SECONDS / 3) == ""
    assert exporting.lines() == []
    assert exporting.record(*[problem] * 10) == problem
    assert len(exporting.lines()) == 1


def test_problem_that_becomes_another_is_one_log_line(exporting):
    exporting.record(*["refused"] * 10, "unauthorized", "unauthorized", "")
    assert [line.partition(": ")[2][:16] for line in exporting.lines()[:1]] == ["nothing listens "]
    assert len(exporting.lines()) == 2
    assert exporting.failing() == set()


def test_problem_that_comes_and_goes_does_not_fill_the_log(exporting):
    exporting.record(*["too_large", ""] * 20)
    assert len(exporting.lines()) == 2
    exporting.clock.forward(SILENCE_SECONDS)
    exporting.record("too_large", "")
    assert len(exporting.lines()) == 4


def test_refused_receiver_is_reported_by_the_exporter_and_its_end_as_well(tracing_of, caplog):
    caplog.set_level(logging.WARNING, "telemetry.tracing")
    with Collector(401, 401, 401) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint, batch_spans=1)
        for name in ("a", "b", "c", "d"):
            tracing.tracer.start_span(name).end()
        assert tracing.flush(60.0)
        assert collector.names == ["d"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "OTEL_EXPORTER_OTLP_HEADERS" in caplog.records[0].getMessage()


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_batch_that_is_too_large_is_split_until_it_fits(tracing_of, dropped, compression):
    names = [str(number) for number in range(50)]
    with Collector(413, 413, 413) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint, otlp_compression=compression)
        for name in names:
            tracing.tracer.start_span(name).end()
        assert tracing.flush(60.0)
        assert collector.names == names
        assert len(collector.accepted) > 2
        spans = spans_of(collector.accepted)
        resources = {resource.SerializeToString() for resource, _, _ in spans}
    assert len(resources) == 1
    assert dropped() == {}


def test_span_that_is_too_large_alone_is_dropped_and_the_others_are_delivered(tracing_of, dropped):
    with Collector(413, 413) as collector:
        tracing = tracing_of(otlp_endpoint=collector.endpoint)
        for name in ("a", "b", "c"):
            tracing.tracer.start_span(name).end()
        assert tracing.flush(60.0)
        assert collector.names == ["b", "c"]
    assert dropped() == {"rejected": 1}
    gevent.sleep(0)
