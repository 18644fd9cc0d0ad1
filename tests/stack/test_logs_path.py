"""From the service's log file to Loki, through the Collector.

Lines keep their text, ids and severity. They survive a kill of the Collector, an outage of Loki and
the rotation at a start; what does not fit into the queue is lost and counted.
"""

import json
import secrets
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
import requests

from stack import status
from stack.runner import Stack
from tests.support.loki import LokiLine, index_labels, query_lines
from tests.support.polling import wait_until, wait_until_equal

pytestmark = pytest.mark.e2e

ALL = '{service_name="serene"}'
# That Loki returns at once. A Collector without Prometheus may take 10 s to stop, in which the test
# writes 2,000.
MOST_LINES = 5000


def json_line(message: str, **members: object) -> str:
    """Return a line as the service writes it."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "level": "INFO",
        "logger": "test",
        "message": message,
        **members,
        "service": "serene",
        "instance": "host/0",
        "environment": "development",
    }
    return json.dumps(line, separators=(",", ":"))


class LogFile:
    """The log of a stack's service, written by the test; as each worker it appends whole lines."""

    def __init__(self, stack: Stack) -> None:
        self.path = stack.log_path("service")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.written: list[str] = []

    def write(self, *lines: str) -> None:
        with self.path.open("a", encoding="utf-8") as log:
            log.write("".join(f"{line}\n" for line in lines))
        self.written += lines

    def write_numbered(self, count: int) -> None:
        self.write(*(json_line(f"line {len(self.written) + number}") for number in range(count)))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write some lines every few milliseconds during the block."""
        stop = Event()

        def write() -> None:
            while not stop.is_set():
                self.write_numbered(2)
                time.sleep(0.01)

        thread = Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def log(own_stack: Stack) -> LogFile:
    return LogFile(own_stack)


def start(stack: Stack, *names: str, **environment: str) -> None:
    for name in names:
        stack.start(name, env=environment if name == "collector" else None)
    for name in names:
        stack.wait_ready(name)


def lines(stack: Stack, query: str = ALL) -> list[LokiLine]:
    return query_lines(stack.url("loki"), query, limit=MOST_LINES)


def texts(stack: Stack) -> "Counter[str]":
    return Counter(line.text for line in lines(stack))


def counted(stack: Stack, name: str) -> float:
    """Return the sum of one of the Collector's own counters."""
    url = f"http://127.0.0.1:{stack.port('collector', 'metrics')}/metrics"
    samples = requests.get(url, timeout=60).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in samples if line.startswith(f"{name}{{"))


def wait_for_all(stack: Stack, log: LogFile) -> None:
    assert len(log.written) < MOST_LINES
    wait_until_equal(lambda: texts(stack), Counter(log.written), interval_seconds=0.2)


def test_line_keeps_its_text_and_gets_ids_severity_and_few_labels(
    own_stack: Stack, log: LogFile
) -> None:
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    request = json_line(
        "request",
        level="ERROR",
        request_id="6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d",
        trace_id=trace_id,
        span_id=span_id,
        method="GET",
        route="/api/v1/blog/posts",
        status=500,
        error_type="ValueError",
        phases={"cpu": 0.5},
    )
    log.write(request, json_line("custom level", level="NOTICE"), "Traceback of an interpreter")
    start(own_stack, "loki", "collector")
    wait_until(lambda: len(lines(own_stack)) == 3, what="the lines")
    (found,) = lines(own_stack, f'{ALL} | trace_id="{trace_id}"')
    written = datetime.fromisoformat(json.loads(request)["time"])
    assert (found.text, found.unix_ns // 1000) == (request, round(written.timestamp() * 1e6))
    assert found.labels == {
        "service_name": "serene",
        "service_instance_id": "host/0",
        "level": "ERROR",
        "deployment_environment_name": "development",
        "error_type": "ValueError",
        "http_request_method": "GET",
        "http_response_status_code": "500",
        "http_route": "/api/v1/blog/posts",
        "request_id": "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d",
        "scope_name": "test",
        "severity_number": "17",
        "severity_text": "ERROR",
        "span_id": span_id,
        "trace_id": trace_id,
    }
    assert index_labels(own_stack.url("loki")) == {"service_name", "service_instance_id", "level"}
    (raw,) = lines(own_stack, f'{ALL} |= "Traceback"')
    assert (raw.text, raw.labels) == ("Traceback of an interpreter", {"service_name": "serene"})
    (custom,) = lines(own_stack, f'{ALL} |= "custom level"')
    assert ("level" in custom.labels, custom.labels["scope_name"]) == (False, "test")


def kill_twice(stack: Stack) -> None:
    for _ in range(2):
        time.sleep(0.5)
        stack.stop("collector", signal.SIGKILL)
        time.sleep(0.2)
        start(stack, "collector")


def stop_gracefully(stack: Stack) -> None:
    time.sleep(0.5)
    stack.stop("collector")
    start(stack, "collector")


@pytest.mark.parametrize("restart", [kill_twice, stop_gracefully])
def test_restart_of_the_collector_loses_no_line_and_shows_none_twice(
    own_stack: Stack, log: LogFile, restart: Callable[[Stack], None]
) -> None:
    start(own_stack, "loki", "collector")
    with log.writing():
        restart(own_stack)
    wait_for_all(own_stack, log)


def test_line_that_is_sent_twice_is_shown_once_also_after_a_restart_of_loki(
    own_stack: Stack, log: LogFile
) -> None:
    start(own_stack, "loki", "collector")
    log.write_numbered(100)
    wait_for_all(own_stack, log)
    for name in ("collector", "loki"):
        own_stack.stop(name)
    # Without its position the Collector reads the file from its beginning.
    shutil.rmtree(own_stack.data_path("collector"))
    start(own_stack, "loki", "collector")
    log.write_numbered(100)
    wait_for_all(own_stack, log)
    wait_until_equal(lambda: counted(own_stack, "otelcol_exporter_sent_log_records"), 200)
    wait_for_all(own_stack, log)


def test_lines_written_while_loki_is_down_arrive_later_also_over_a_restart_of_the_collector(
    own_stack: Stack, log: LogFile
) -> None:
    start(own_stack, "collector")
    log.write_numbered(300)
    wait_until_equal(lambda: counted(own_stack, "otelcol_receiver_accepted_log_records"), 300)
    # They are in the queue on disk, and the file is gone.
    own_stack.stop("collector", signal.SIGKILL)
    log.path.unlink()
    start(own_stack, "collector", "loki")
    wait_for_all(own_stack, log)


def test_lines_that_the_collector_has_not_read_before_a_new_start_arrive(
    own_stack: Stack, log: LogFile
) -> None:
    start(own_stack, "loki", "collector")
    log.write_numbered(10)
    wait_for_all(own_stack, log)
    own_stack.stop("collector")
    log.write_numbered(10)
    # As `./serene up` does.
    status.rotate_log(log.path)
    log.write_numbered(10)
    start(own_stack, "collector")
    wait_for_all(own_stack, log)


def test_lines_that_do_not_fit_into_the_queue_are_lost_and_counted(
    own_stack: Stack, log: LogFile
) -> None:
    start(own_stack, "collector", LOG_QUEUE_BYTES="100000")
    for _ in range(10):
        log.write_numbered(100)
        wait_until_equal(
            lambda: (
                counted(own_stack, "otelcol_receiver_accepted_log_records")
                + counted(own_stack, "otelcol_receiver_refused_log_records")
                + counted(own_stack, "otelcol_receiver_failed_log_records")
            ),
            len(log.written),
        )
    lost = counted(own_stack, "otelcol_exporter_enqueue_failed_log_records")
    assert 0 < lost < len(log.written)
    start(own_stack, "loki")
    wait_until_equal(lambda: len(lines(own_stack)), len(log.written) - lost)
    assert texts(own_stack) <= Counter(log.written)
    assert counted(own_stack, "otelcol_exporter_send_failed_log_records") == 0


def test_line_that_loki_refuses_is_counted_and_the_others_arrive(
    own_stack: Stack, log: LogFile
) -> None:
    start(own_stack, "loki", "collector")
    old = json.loads(json_line("of last month")) | {"time": "2026-01-01T00:00:00.000000Z"}
    good = json_line("of now")
    log.write(json.dumps(old), good)
    wait_until_equal(lambda: texts(own_stack), Counter([good]))
    # Loki refuses the batch for one of its lines, and takes the others.
    wait_until_equal(lambda: counted(own_stack, "otelcol_exporter_send_failed_log_records"), 2)
