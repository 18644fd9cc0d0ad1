"""Log lines are whole, carry the ids of their request, and never delay their writer."""

import json
import logging
import os
import socket
import time

import pytest
from prometheus_client import CollectorRegistry

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.logs import Logs, LogWriter
from telemetry.metrics import Metrics
from telemetry.requests.record import set_current_record
from tests.machine import PATIENCE_SECONDS
from tests.telemetry.records import completed, record

RESOURCE = {"service": "shop", "instance": f"{socket.gethostname()}/0", "environment": "test"}
IDS = {
    "request_id": "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d",
    "trace_id": "6f1c1f6e8f7e4a3b9c1d2e3f4a5b6c7d",
    "span_id": "00f067aa0ba902b7",
}


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


@pytest.fixture
def dropped():
    return []


@pytest.fixture
def guard():
    return Guard(strict=True, on_error=lambda where: None)


@pytest.fixture
def logs(pipe, guard):
    config = TelemetryConfig(service_name="shop", environment="test")
    logs = Logs(config, Metrics(CollectorRegistry()), guard, fd=pipe[1])
    logs.install()
    yield logs
    logs.uninstall()
    set_current_record(None)


def lines(pipe):
    return [json.loads(line) for line in os.read(pipe[0], 1 << 16).splitlines()]


def test_one_line_a_request(logs, pipe):
    logs.requests(
        completed(
            duration_seconds=0.25,
            phase_seconds={"db": 0.125},
            response_bytes=512,
            outcome="failed",
            status=500,
            error_type="ValueError",
        )
    )
    assert lines(pipe) == [
        {
            "time": "2023-11-14T22:13:20.250000Z",
            "level": "ERROR",
            "logger": "access",
            "message": "request",
            **IDS,
            "method": "GET",
            "route": "/api/v1/blog/posts/<slug>",
            "path": "/api/v1/blog/posts/calm",
            "query": "page=REDACTED&token=REDACTED",
            "status": 500,
            "duration_seconds": 0.25,
            "phases": {"db": 0.125, "other": 0.125},
            "response_bytes": 512,
            "client_address": "192.0.2.1",
            "user_agent": "test/1",
            "outcome": "failed",
            "error_type": "ValueError",
            **RESOURCE,
        }
    ]


def test_standard_logging_carries_the_ids_of_the_current_request(logs, pipe):
    set_current_record(record())
    logging.getLogger("shop").warning("sold %s", "out", extra={"fields": {"left": 0}})
    (line,) = lines(pipe)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "WARNING",
        "logger": "shop",
        "message": "sold out",
        **IDS,
        "left": 0,
        **RESOURCE,
    }


def test_client_text_cannot_end_a_line_or_control_a_terminal(logs, pipe):
    hostile = "a\u2028b\u0085c\x9bd\x1be\U0001f33ff\n"
    logs.requests(completed(user_agent=hostile, outcome="completed"))
    written = os.read(pipe[0], 1 << 16)
    assert written.isascii()
    assert [json.loads(line)["user_agent"] for line in written.decode().splitlines()] == [hostile]
    assert all(byte >= 0x20 for byte in written[:-1])


def test_exception_is_a_member_with_its_stack(logs, pipe):
    try:
        raise ValueError("lost")
    except ValueError:
        logging.getLogger("shop").exception("failed")
    (line,) = lines(pipe)
    stack = line["exception"].pop("stack")
    assert line["exception"] == {"type": "ValueError", "message": "lost"}
    assert stack.startswith("Traceback")
    assert stack.endswith("ValueError: lost")


def test_lines_written_by_the_thread_arrive_in_order(pipe, guard, dropped):
    writer = LogWriter(pipe[1], guard, dropped.append)
    writer.start()
    for number in range(500):
        writer.write({"number": number})
    writer.stop()
    assert [line["number"] for line in lines(pipe)] == list(range(500))
    assert dropped == []


def test_a_reader_that_does_not_read_delays_no_writer_and_every_lost_line_is_counted(
    pipe, guard, dropped
):
    writer = LogWriter(pipe[1], guard, dropped.append, queue_lines=100)
    writer.start()
    line = {"text": "x" * 4096}
    started = time.monotonic()
    for _ in range(300):
        writer.write(line)
        time.sleep(0.0005)
    writer.stop(timeout_seconds=0.2)
    waited = time.monotonic() - started
    # 300 lines of 4 kB fit neither in the pipe (64 kB) nor in the queue (100).
    assert set(dropped) == {"queue_full", "shutdown"}
    assert waited < 30
    os.set_blocking(pipe[0], False)
    arrived = 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while arrived + len(dropped) < 300 and time.monotonic() < deadline:
        try:
            arrived += os.read(pipe[0], 1 << 20).count(b"\n")
        except BlockingIOError:
            time.sleep(0.01)
    assert arrived + len(dropped) == 300


def test_line_that_contains_itself_is_written_in_part_and_ends_nothing(pipe, guard, dropped):
    endless: dict[str, object] = {"known": 1}
    endless["self"] = endless
    writer = LogWriter(pipe[1], guard, dropped.append)
    writer.start()
    writer.write(endless)
    time.sleep(0.1)
    writer.write({"after": 1})
    writer.stop()
    first, last = lines(pipe)
    assert dropped == []
    assert (first["known"], first["self"]["self"]["known"], last) == (1, 1, {"after": 1})


def test_level_of_the_settings_silences_what_is_below(pipe, guard):
    logs = Logs(TelemetryConfig(log_level="ERROR"), Metrics(CollectorRegistry()), guard, fd=pipe[1])
    logs.requests(completed(outcome="completed"))
    logs.requests(completed(outcome="completed", status=503))
    assert [line["status"] for line in lines(pipe)] == [503]


def test_no_line_holds_a_secret(logs, pipe):
    try:
        raise ValueError("no account for ann@example.com, card 4111 1111 1111 1111")
    except ValueError:
        fields = {"password": "hunter2", "asked": {"by": ["ann@example.com"]}, "count": 3}
        logging.getLogger("shop").exception(
            "refused %s", "Bearer abcdefgh.ijkl", extra={"fields": fields}
        )
    (line,) = lines(pipe)
    assert (line["message"], line["password"], line["asked"], line["count"]) == (
        "refused Bearer REDACTED",
        "REDACTED",
        {"by": ["REDACTED"]},
        3,
    )
    assert line["exception"]["message"] == "no account for REDACTED, card REDACTED"
    assert line["exception"]["stack"].endswith("ValueError: no account for REDACTED, card REDACTED")
    assert not any(
        canary in json.dumps(line)
        for canary in ("hunter2", "ann@example.com", "4111 1111", "abcdefgh")
    )


def test_the_log_of_requests_can_be_switched_off(pipe, guard):
    logs = Logs(TelemetryConfig(request_log=False), Metrics(CollectorRegistry()), guard, fd=pipe[1])
    logs.requests(completed(outcome="failed", status=500))
    os.write(pipe[1], b"{}\n")
    assert lines(pipe) == [{}]
