"""What telemetry costs: CPU of a worker per request, against bare Flask: ``python -m bench.cost``.

Serves one small app on gunicorn's gevent worker: bare, observed with every trace kept, with one
trace in ten, and without the cpu phase. Each round loads one after the other from native threads
and reads the worker's CPU time from outside.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

import psutil

from bench.rounds import send_requests, spread
from stack import paths
from stack.backends import BY_NAME
from stack.ports import free_offset

START_SECONDS = 30
SERVERS = {
    "bare": {},
    "observed": {"BENCH_APP": "observed"},
    "observed, 1 trace in 10": {"BENCH_APP": "observed", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    "observed, no cpu phase": {"BENCH_APP": "observed", "TELEMETRY_CPU_PHASE": "false"},
}


@contextmanager
def served(name: str, port: int, collector: int) -> Iterator[psutil.Process]:
    """Run gunicorn with one worker; yield the worker's process."""
    environment = os.environ | SERVERS[name]
    command = [sys.executable, "-m", "gunicorn"]
    if "BENCH_APP" in SERVERS[name]:
        environment |= {
            "SERENE_PORT": str(port),
            "TELEMETRY_MANAGEMENT_PORT": str(port + 1),
            "WEB_CONCURRENCY": "1",
        }
        environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector}"}
        command += ["-c", "service/gunicorn_conf.py"]
    else:
        command += ["-c", "/dev/null", "-k", "gevent", "-b", f"127.0.0.1:{port}"]
        command += ["--no-control-socket"]
    process = subprocess.Popen(
        [*command, "bench.apps:app"],
        cwd=paths.ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _worker(name, process.pid, port)
    finally:
        process.terminate()
        process.wait(30)


def _worker(name: str, arbiter_pid: int, port: int) -> psutil.Process:
    """Return the worker's process once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while not send_requests(port, ["/hello"], 0.05, clients=1).latencies:
        if time.monotonic() > deadline:
            raise SystemExit(f"{name} did not start")
        time.sleep(0.2)
    return psutil.Process(arbiter_pid).children()[0]


def cpu_microseconds(worker: psutil.Process, port: int, seconds: float) -> float:
    """Load a worker, and return its CPU time per request."""
    before = worker.cpu_times()
    load = send_requests(port, ["/hello"], seconds, clients=2, pause_seconds=0)
    after = worker.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return spent / len(load.latencies) * 1e6


def main() -> None:
    """Start all servers, measure in interleaved rounds, print microseconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument(
        "--collector",
        type=int,
        default=BY_NAME["collector"].ports["otlp"],
        help="port of a Collector; without one, spans stay in the queue and are then dropped",
    )
    options = parser.parse_args()
    base = 20000 + free_offset(range(20000, 20000 + 10 * len(SERVERS)))
    ports = {name: base + 10 * number for number, name in enumerate(SERVERS)}
    microseconds: dict[str, list[float]] = {name: [] for name in SERVERS}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(served(name, ports[name], options.collector))
            for name in SERVERS
        }
        for number in range(options.rounds):
            for name, worker in workers.items():
                spent = cpu_microseconds(worker, ports[name], options.seconds)
                microseconds[name].append(spent)
            print(f"  round {number + 1} of {options.rounds} done", flush=True)
    for name, values in microseconds.items():
        ratios = [value / bare for value, bare in zip(values, microseconds["bare"], strict=True)]
        print(f"{name}: {spread(values, ' µs')} of CPU a request, {spread(ratios)} of bare")
    difference = median(microseconds["observed"]) - median(microseconds["bare"])
    print(f"telemetry: {difference:.0f} µs a request")


if __name__ == "__main__":
    main()
