"""Hostile requests leave a bounded number of series and cause no error."""

import random
import socket
from collections import Counter

import gevent
import pytest

from tests.e2e.logs import log_lines

pytestmark = pytest.mark.e2e

REQUESTS = 10_000
CLIENTS = 8
METHODS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "HEAD",
    "TRACE",
    "FOOBAR",
    "PROPFIND",
    "get",
    "M-SEARCH",
    "X" * 40,
]
KNOWN = [
    "/",
    "/api/v1/blog/posts",
    "/api/v1/health",
    "/api/v1/health/liveness",
    "/api/v1/blog/posts/",
]


def random_bytes(rng, alphabet, longest):
    return bytes(rng.choice(alphabet) for _ in range(rng.randrange(1, longest)))


def path(rng):
    printable = range(0x21, 0x7F)
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(KNOWN).encode()
    if kind < 0.5:
        return b"/api/v1/blog/posts/" + random_bytes(rng, printable, 30).replace(b"#", b"").replace(
            b"?", b""
        )
    if kind < 0.7:
        return b"/" + b"".join(b"%%%02X" % rng.randrange(256) for _ in range(rng.randrange(1, 20)))
    if kind < 0.85:
        return b"/api/v1/blog/posts?" + random_bytes(rng, printable, 60).replace(b"#", b"")
    return b"/" + random_bytes(rng, range(0x80, 0x100), 20)


def headers(rng):
    lines = [
        b"Host: serene.test",
        b"User-Agent: " + random_bytes(rng, range(0x20, 0x100), 60).replace(b"\x7f", b""),
    ]
    hostile = [
        b"traceparent: 00-"
        + b"%032x" % rng.getrandbits(128)
        + b"-"
        + b"%016x" % rng.getrandbits(64)
        + b"-01",
        b"traceparent: " + random_bytes(rng, range(0x21, 0x7F), 80),
        b"tracestate: " + random_bytes(rng, range(0x21, 0x7F), 200),
        b"X-Request-ID: " + random_bytes(rng, range(0x21, 0x7F), 40),
        b"X-Forwarded-For: " + random_bytes(rng, range(0x21, 0x7F), 40),
        b"Accept: " + random_bytes(rng, range(0x80, 0x100), 20),
    ]
    return lines + [line for line in hostile if rng.random() < 0.4]


def exchange(port, seed, count, statuses):
    """Send requests, each on its own connection, and count the statuses of the responses."""
    rng = random.Random(seed)
    for _ in range(count):
        request = b"%s %s HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n" % (
            rng.choice(METHODS).encode(),
            path(rng),
            b"\r\n".join(headers(rng)),
        )
        with socket.create_connection(("127.0.0.1", port), timeout=240) as connection:
            connection.sendall(request)
            response = b""
            while block := connection.recv(65536):
                response += block
        statuses[
            response[9:12].decode() if response.startswith(b"HTTP/1.1 ") else repr(response[:20])
        ] += 1


def test_ten_thousand_hostile_requests_leave_bounded_series_no_500_and_no_unhandled_exception(
    own_stack, serve
):
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    service = serve(own_stack)
    statuses = Counter()
    jobs = [
        gevent.spawn(exchange, own_stack.port("service"), seed, REQUESTS // CLIENTS, statuses)
        for seed in range(CLIENTS)
    ]
    gevent.joinall(jobs, raise_error=True)

    assert sum(statuses.values()) == REQUESTS
    expected = {"200", "301", "308", "400", "401", "404", "405", "414", "422", "431", "501", "503"}
    assert {status for status in statuses if status not in expected} == set()
    assert statuses["500"] == 0
    scrape = service.scrape()
    series = {
        (
            sample.name,
            *sorted((name, value) for name, value in sample.labels.items() if name != "le"),
        )
        for sample in scrape.samples
        if sample.name.startswith("http_server_") and not sample.name.endswith(("_bucket", "_sum"))
    }
    assert len(series) < 300
    assert scrape.total("http_server_request_duration_seconds_count") > REQUESTS * 0.5
    assert scrape.total("http_server_active_requests") == 0
    assert scrape.total("service_uncaught_exceptions_total") == 0
    assert scrape.total("telemetry_errors_total") == 0
    assert [line for line in log_lines(service.log) if "exception" in line] == []
    assert "Traceback" not in service.log.read_text(errors="replace")
