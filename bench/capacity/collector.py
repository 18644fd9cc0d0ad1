"""What the Collector takes to pass on metrics, spans and lines of one worker."""

import time
from typing import Final

import psutil

from bench.capacity.curve import send
from bench.capacity.figures import Pipeline
from bench.capacity.load import Kind, Plan
from bench.capacity.receiver import LINES, METRICS, TRACES
from bench.capacity.stand import SCRAPE_SECONDS, Stand
from bench.cost.servers import process_seconds

QUIET_SECONDS: Final = 8.0
LOAD_SECONDS: Final = 10.0
RATE: Final = 60.0
SETTLE_SECONDS: Final = 3.0


def measure(stand: Stand, kinds: tuple[Kind, ...], series: int) -> Pipeline:
    """Measure the Collector without requests and with some.

    Args:
        stand: With one worker that sends its spans to the Collector.
        kinds: Requests.
        series: Of one scrape of the worker.
    """
    pid = stand.stack.pid("collector")
    assert pid is not None, "it was started"
    quiet_cores = _quiet_cores(pid)
    received, spans = stand.receiver.bytes.copy(), stand.receiver.spans
    before, began = process_seconds(pid), time.perf_counter()
    report = send(Plan(stand.port, RATE, LOAD_SECONDS, kinds))
    time.sleep(SETTLE_SECONDS)
    seconds = time.perf_counter() - began
    used = process_seconds(pid) - before - quiet_cores * seconds
    requests = report["sent"]
    more = stand.receiver.bytes - received
    spans = stand.receiver.spans - spans
    return Pipeline(
        scrape_us=quiet_cores * SCRAPE_SECONDS * 1e6,
        request_us=max(0.0, used) / requests * 1e6,
        spans=spans / requests,
        sample_bytes=more[METRICS] / (series * seconds / SCRAPE_SECONDS),
        span_bytes=more[TRACES] / max(1, spans),
        line_bytes=more[LINES] / requests,
        resident_mib=psutil.Process(pid).memory_info().rss / 2**20,
    )


def _quiet_cores(pid: int) -> float:
    time.sleep(SETTLE_SECONDS)
    before, began = process_seconds(pid), time.perf_counter()
    time.sleep(QUIET_SECONDS)
    return (process_seconds(pid) - before) / (time.perf_counter() - began)
