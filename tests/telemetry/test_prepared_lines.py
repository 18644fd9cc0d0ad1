"""A server that takes prepared lines sends the headers that any other one does."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telemetry.wsgi import _short_times
from tests.telemetry.wsgi_app import begin, serving_app


@pytest.fixture
def serving():
    with serving_app() as serving:
        yield serving


class LineServer:
    """A response that takes prepared lines, as our own server's does."""

    takes_lines = True

    def start_response(self, status, headers, exc_info=None, lines=""):
        self.headers = [
            *headers,
            *(tuple(line.split(": ", 1)) for line in lines.split("\r\n")[:-1]),
        ]
        return lambda data: None


class PlainServer(LineServer):
    takes_lines = False


def names_and_shapes(headers):
    """Headers, with ids and times as ``#``."""
    return [(name, re.sub(r"[0-9a-f-]{16,}|\d+\.\d+", "#", value)) for name, value in headers]


def test_server_that_takes_lines_gets_the_same_headers(serving):
    by_lines, by_pairs = LineServer(), PlainServer()
    for server in (by_lines, by_pairs):
        begin(serving, "/hello/you", server.start_response).close()
    assert names_and_shapes(by_lines.headers) == names_and_shapes(by_pairs.headers)
    assert [name for name, _ in by_lines.headers][-5:] == [
        "API-Version",
        "API-Supported-Versions",
        "X-Request-ID",
        "X-Response-Time",
        "Server-Timing",
    ]
    assert dict(by_lines.headers)["X-Request-ID"] == serving.records[0].request_id


def test_server_that_takes_lines_is_asked_to_close_in_a_drain(serving):
    serving.lifecycle.ready()
    serving.lifecycle.drain("test")
    server = LineServer()
    begin(serving, "/hello/you", server.start_response).close()
    assert ("Connection", "close") in server.headers


def test_middleware_in_front_of_a_server_that_takes_lines_sees_all_headers(serving):
    server, seen = LineServer(), []

    def start_response(status, headers, exc_info=None):
        seen.extend(headers)
        return server.start_response(status, headers, exc_info)

    begin(serving, "/hello/you", start_response).close()
    assert seen == server.headers
    assert "X-Request-ID" in dict(seen)


@given(st.integers(1, 10**11), st.integers(0, 10**11))
@example(4_999, 0)
@example(5_000, 4_999)
@example(999_995_000, 999_994_999)
def test_times_by_integers_are_those_of_a_format(queue_ns, cpu_ns):
    total, timing = _short_times(7, 7 + queue_ns, 7 + queue_ns + cpu_ns)
    shown = re.fullmatch(
        r"total;dur=(\d+\.\d\d), queue;dur=(\d+\.\d\d), cpu;dur=(\d+\.\d\d)", timing
    )
    assert shown is not None
    assert total == shown[1]
    for text, took_ns in zip(shown.groups(), (queue_ns + cpu_ns, queue_ns, cpu_ns), strict=True):
        assert round(float(text) * 100) == (took_ns + 5_000) // 10_000
