"""A streamed response lasts until its last byte; a client that disconnects is recorded once."""

import socket
import time

import pytest
import requests

from tests.e2e.logs import access_line
from tests.e2e.traces import trace_id_of, wait_for_trace
from tests.support.polling import TIMEOUT_SECONDS

pytestmark = pytest.mark.e2e

ROUTE = "/test/stream/<float:seconds>"


@pytest.fixture
def service(stack, own_stack, serve):
    """The service with the test routes, in front of the shared backends."""
    return serve(own_stack, uses=stack)


def test_span_histogram_and_log_agree_on_the_duration_of_a_stream(stack, service):
    began = time.monotonic()
    response = requests.get(f"{service.url}/test/stream/3.0", timeout=TIMEOUT_SECONDS)
    most = time.monotonic() - began
    request_id = response.headers["X-Request-ID"]
    assert len(response.content) == 30 * 1024

    (span,) = wait_for_trace(stack.url("tempo"), trace_id_of(request_id))
    scrape = service.scrape()
    histogram = scrape.value("http_server_request_duration_seconds_sum", http_route=ROUTE)
    line = access_line(service.log, request_id)
    assert scrape.value("http_server_request_duration_seconds_count", http_route=ROUTE) == 1
    for seconds in (span.seconds, histogram, line["duration_seconds"]):
        assert seconds == pytest.approx(histogram, abs=1e-3)
        assert 3.0 <= seconds < most
    assert (line["outcome"], line["response_bytes"], line["status"]) == (
        "completed",
        30 * 1024,
        200,
    )


def test_client_disconnect_is_recorded_once(stack, service):
    began = time.monotonic()
    with socket.create_connection(
        ("127.0.0.1", service.stack.port("service")), timeout=TIMEOUT_SECONDS
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

    line = access_line(service.log, request_id)
    most = time.monotonic() - began
    (span,) = wait_for_trace(stack.url("tempo"), trace_id_of(request_id))
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
