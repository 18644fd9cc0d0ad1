"""Whether requests wait for a database or a Collector that hangs.

``python -m bench.outage database`` requests the health routes while MongoDB answers and while it
hangs (SIGSTOP), in turn; ``python -m bench.outage collector`` requests pages while the Collector
answers and while it hangs. Expected: a ratio of p99 near 1.
"""

import argparse
import signal
import tempfile
import time
from pathlib import Path

from bench.rounds import compare, send_requests
from stack.backends import every_port
from stack.ports import free_offset
from stack.runner import Stack

HEALTH = ("/api/v1/health", "/api/v1/health/liveness", "/api/v1/health/readiness")
PAGES = ("/", "/api/v1/health")
# Until the new condition is noticed: two polls of a second each.
SETTLE_SECONDS = 3.0


def main() -> None:
    """Start a stack, compare both conditions, stop the stack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("database", "collector"))
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    options = parser.parse_args()
    backend = "mongodb" if options.what == "database" else "collector"
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(free_offset(every_port(1)), Path(folder)) as stack,
    ):
        for name in ("mongodb", "collector", "service"):
            stack.start(name, {"HEALTH_INTERVAL_SECONDS": "1"} if name == "service" else None)
            stack.wait_ready(name)

        def condition(number: signal.Signals) -> None:
            stack.send(backend, number)
            time.sleep(SETTLE_SECONDS)

        try:
            compare(
                ("answers", "hangs"),
                (lambda: condition(signal.SIGCONT), lambda: condition(signal.SIGSTOP)),
                lambda: send_requests(
                    stack.port("service"),
                    HEALTH if backend == "mongodb" else PAGES,
                    options.seconds,
                ),
                options.rounds,
            )
        finally:
            stack.send(backend, signal.SIGCONT)


if __name__ == "__main__":
    main()
