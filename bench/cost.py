"""What telemetry costs: CPU of a worker per request, bare Flask against the whole layer, in
interleaved rounds.

``python -m bench.cost`` serves one small app three times on gunicorn's gevent worker: bare,
observed with every trace kept, and observed with one trace in ten. Each round loads one after the
other from native threads and reads the worker's own CPU time from outside.
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

from bench.rounds import ask_for, spread
from stack import paths
from stack.ports import free_offset

SERVERS = {
    "bare": {},
    "observed": {"BENCH_APP": "observed"},
    "observed, 1 trace in 10": {"BENCH_APP": "observed", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    "observed, no cpu phase": {"BENCH_APP": "observed", "TELEMETRY_CPU_PHASE": "false"},
}


@contextmanager
def served(name: str, port: int, collector: int) -> Iterator[psutil.Process]:
    """One gunicorn with one worker; gives the worker's process."""
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
        command += [
            "-c",
            "/dev/null",
            "-k",
            "gevent",
            "-b",
            f"127.0.0.1:{port}",
            "--no-control-socket",
        ]
    process = subprocess.Popen(
        [*command, "bench.apps:app"],
        cwd=paths.ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while not (
            ask_for(port, ["/hello"], 0.05, clients=1).latencies
            and psutil.Process(process.pid).children()
        ):
            if time.monotonic() > deadline:
                raise SystemExit(f"{name} did not start")
            time.sleep(0.2)
        yield psutil.Process(process.pid).children()[0]
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    """Serve, load in turn, print microseconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument(
        "--collector",
        type=int,
        default=4318,
        help="port of a Collector; without one spans wait in the queue and are then refused",
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
                before = worker.cpu_times()
                asked = ask_for(
                    ports[name], ["/hello"], options.seconds, clients=2, pause_seconds=0
                )
                after = worker.cpu_times()
                spent = after.user + after.system - before.user - before.system
                microseconds[name].append(spent / len(asked.latencies) * 1e6)
            print(f"  round {number + 1} of {options.rounds} done", flush=True)
    for name, values in microseconds.items():
        ratios = [value / bare for value, bare in zip(values, microseconds["bare"], strict=True)]
        print(f"{name}: {spread(values, ' µs')} of CPU a request, {spread(ratios)} of bare")
    print(
        f"telemetry: {median(microseconds['observed']) - median(microseconds['bare']):.0f} µs a request"
    )


if __name__ == "__main__":
    main()
