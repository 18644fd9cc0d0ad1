"""A streamed response lasts until its last byte, and a client that leaves is recorded once, as
such.
"""

import socket
import time
import uuid

import pytest
import requests

from tests.e2e.observing import log_lines, trace, wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

ROUTE = "/test/stream/<float:seconds>"


@pytest.fixture
def service(stack, own_stack, serve):
    """The test routes on ports of their own, in front of the shared backends."""
    return serve(own_stack, uses=stack)


def test_a_stream_of_three_seconds_is_three_seconds_everywhere(stack, service):
    began = time.monotonic()
    answer = requests.get(f"{service.url}/test/stream/3.0", timeout=PATIENCE_SECONDS)
    most = time.monotonic() - began
    request_id = answer.headers["X-Request-ID"]
    assert len(answer.content) == 30 * 1024

    (span,) = trace(stack.url("tempo"), uuid.UUID(request_id).hex)
    scrape = service.scrape()
    histogram = scrape.value("http_server_request_duration_seconds_sum", http_route=ROUTE)
    (line,) = wait_for(
        lambda: log_lines(service.log, request_id=request_id, logger="access"),
        PATIENCE_SECONDS,
        "the log line",
    )
    assert scrape.value("http_server_request_duration_seconds_count", http_route=ROUTE) == 1
    for seconds in (span.seconds, histogram, line["duration_seconds"]):
        assert seconds == pytest.approx(histogram, abs=1e-3)
        assert 3.0 <= seconds < most
    assert (line["outcome"], line["response_bytes"], line["status"]) == (
        "completed",
        30 * 1024,
        200,
    )


def test_a_client_that_leaves_is_recorded_once_as_such(stack, service):
    began = time.monotonic()
    with socket.create_connection(
        ("127.0.0.1", service.stack.port("service")), timeout=PATIENCE_SECONDS
    ) as connection:
        connection.sendall(b"GET /test/stream/600.0 HTTP/1.1\r\nHost: serene\r\n\r\n")
        received = b""
        while received.count(b".\n") < 10:  # ten ticks: one second
            received += connection.recv(65536)
    head = received.split(b"\r\n\r\n")[0].decode()
    request_id = next(
        line.partition(": ")[2]
        for line in head.splitlines()
        if line.lower().startswith("x-request-id")
    )

    (line,) = wait_for(
        lambda: log_lines(service.log, request_id=request_id, logger="access"),
        PATIENCE_SECONDS,
        "the log line",
    )
    most = time.monotonic() - began
    (span,) = trace(stack.url("tempo"), uuid.UUID(request_id).hex)
    scrape = service.scrape()
    assert (line["outcome"], line["status"]) == ("client_disconnected", 200)
    assert 0.9 <= line["duration_seconds"] < most
    assert span.attributes["error.type"] == "client_disconnected"
    assert 0.9 <= span.seconds < most
    assert scrape.value("http_server_request_duration_seconds_count", http_route=ROUTE) == 1
    assert (
        scrape.value(
            "http_server_aborted_requests_total", http_route=ROUTE, reason="client_disconnected"
        )
        == 1
    )
    assert scrape.total("http_server_active_requests") == 0
