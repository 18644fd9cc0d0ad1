"""The load reads answers right, sends the shares that it promises, and hides no delay."""

import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import islice

import pytest

from bench.load.answers import field_of, size_of_answer
from bench.load.mix import MIXES, routes
from bench.load.report import Latencies, LoadReport, Traced, quantile
from tests.architecture.sources import ROOT
from tests.machine import PATIENCE_SECONDS

HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nX-Request-ID: abc\r\n\r\n"


@pytest.mark.parametrize(
    ("received", "size"),
    [
        (b"", 0),
        (HEAD[:-1], 0),
        (HEAD + b"hell", 0),
        (HEAD + b"hello", len(HEAD) + 5),
        (HEAD + b"hello" + HEAD, len(HEAD) + 5),
        (b"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", 37),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 27),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 62),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0),
    ],
)
def test_answer_ends_where_its_head_puts_it(received, size):
    assert size_of_answer(received) == size


def test_answer_without_a_length_is_refused():
    with pytest.raises(ValueError, match="an answer of unknown length"):
        size_of_answer(b"HTTP/1.1 200 OK\r\n\r\n")


def test_field_is_read_from_the_head_only():
    assert field_of(HEAD + b"\r\nX-Other: body\r\n", b"X-Request-ID") == "abc"
    assert field_of(HEAD + b"\r\nX-Other: body\r\n", b"X-Other") == ""


def test_shares_are_exact_and_paths_unique():
    sent = list(islice(MIXES["mishaps"], 10_000))
    assert Counter(kind for kind, _ in sent) == {"page": 9_800, "slow": 100, "fail": 100}
    items = [request for _, request in sent if request.startswith(b"GET /items/")]
    assert len(set(items)) == len(items) > 3_000
    assert all(request.endswith(b"\r\n\r\n") for _, request in sent)


def test_routes_are_requested_in_turn():
    sent = [request.split()[1] for _, request in islice(routes(3), 4)]
    assert sent == [b"/routes/0", b"/routes/1", b"/routes/2", b"/routes/0"]


def test_quantile_is_a_measured_value():
    assert quantile(range(100), 0.99) == 99
    assert quantile([7], 0.5) == 7
    assert quantile([], 0.5) == 0


def test_report_survives_its_way_between_processes():
    some = Latencies.of([1_000, 3_000, 2_000])
    assert (some.count, some.p50, some.max) == (3, 2.0, 3.0)
    report = LoadReport(
        3, 2.0, some, Latencies.of([]), some, {"slow": 1}, traced=[Traced("slow", "abc", 1.5)]
    )
    assert LoadReport.from_json(report.to_json()) == report
    assert (report.answers, report.per_second) == (6, 3.0)


def load(port: int, *options: str) -> list[LoadReport]:
    """Run one load in a process of its own; gevent has taken epoll from this one."""
    command = [sys.executable, "-m", "bench.load", str(port), "--connections", "1", *options]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, check=True, text=True, timeout=PATIENCE_SECONDS
    )
    return [LoadReport.from_json(line) for line in done.stdout.splitlines()]


@pytest.fixture
def stalling_server():
    """A server that stops for 0.7 s before its tenth answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            for number in range(1_000_000):
                if not connection.recv(4096):
                    return
                if number == 10:
                    time.sleep(0.7)
                connection.sendall(HEAD + b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    thread.join()
    listener.close()


@pytest.mark.slow
def test_paced_load_counts_the_requests_that_a_stall_delayed(stalling_server):
    (report,) = load(stalling_server, "--paced", "100", "--seconds", "1")
    assert (report.requests, report.answers, report.failures) == (100, 100, {})
    # Most requests were due during the stall. A load that measures from its own sending would have
    # one late answer.
    assert report.pages.p50 > 100_000
    assert report.pages.max > 600_000


@pytest.mark.slow
def test_paced_load_reports_periods(stalling_server):
    reports = load(stalling_server, *("--paced", "100", "--seconds", "0.9", "--every", "0.3"))
    assert [report.requests for report in reports] == [30, 30, 30]
    assert sum(report.answers for report in reports) == 90


@pytest.mark.slow
def test_closed_load_keeps_the_connection_busy(stalling_server):
    (report,) = load(stalling_server, "--seconds", "1")
    assert report.answers == report.requests > 10
    assert report.pages.max > 600_000


@pytest.mark.slow
def test_wrong_status_and_lost_connection_are_failures():
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(HEAD.replace(b"200 OK", b"404 Oh") + b"hello")
            connection.recv(4096)
        replacement, _ = listener.accept()
        with replacement:
            replacement.recv(4096)

    thread = threading.Thread(target=serve)
    thread.start()
    (report,) = load(listener.getsockname()[1], "--paced", "50", "--seconds", "0.04")
    thread.join()
    listener.close()
    assert report.requests == 2
    assert report.failures == {"page: status 404": 1, "closed without an answer": 1}
