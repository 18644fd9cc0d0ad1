"""What rate limits cost, in microseconds of processor time and in bytes: ``python -m
bench.limits``.

Counting one request in memory, by the library's storage and by ours, with few clients and with
many; then whole requests of an app without limits, with them, and with them in Redis when
``--redis`` names one. Each figure is the median over rounds in which all take turns.
"""

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from itertools import count

from flask import Flask
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from service import limits
from service.limits.memory import MemoryCounters
from service.settings.limits import LimitSettings
from telemetry import Telemetry

ITEM = parse("1000000/minute")
CLIENTS = 50_000


def app(**environ: str) -> Callable[[], object]:
    """One request of a small app whose limits are set so."""
    telemetry = Telemetry.from_env(
        {"OTEL_TRACES_SAMPLER_ARG": "0", "TELEMETRY_REQUEST_LOG": "false"}
    )
    found = Flask("bench", static_folder=None)
    limits.install(
        found, LimitSettings.from_env({"RATE_LIMIT_READ": "1000000/minute"} | environ), telemetry
    )
    found.add_url_rule("/", "root", lambda: "")
    telemetry.lifecycle.ready()
    telemetry.init_app(found)
    environ_of = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SERVER_NAME": "s",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }

    def ask() -> None:
        body = found({**environ_of, "REMOTE_ADDR": "192.0.2.1"}, lambda *_: lambda _: None)
        b"".join(body)
        body.close()  # type: ignore[attr-defined]

    return ask


def counting() -> dict[str, Callable[[], object]]:
    """Counting one request of a client that is known, and of a new one."""
    ours, full, numbers = MemoryCounters(), MemoryCounters(), count()
    for number in range(CLIENTS):
        full.take(str(number), ITEM)
    return {
        "count, known client": lambda: ours.take("read/192.0.2.1", ITEM),
        f"count, new client beside {CLIENTS}": lambda: full.take(f"read/{next(numbers)}", ITEM),
    }


def library_stall_seconds() -> float:
    """How long the library's storage holds the hub each time it looks for what has expired."""
    storage = MemoryStorage()
    limiter = SlidingWindowCounterRateLimiter(storage)
    storage.timer.cancel()
    storage.timer.is_alive = lambda: True  # type: ignore[method-assign]
    for number in range(CLIENTS):
        limiter.hit(ITEM, str(number))
    began = time.perf_counter()
    storage._MemoryStorage__expire_events()  # type: ignore[attr-defined]
    return time.perf_counter() - began


def bytes_a_client() -> float:
    """Of our counters."""
    tracemalloc.start()
    counters = MemoryCounters()
    for number in range(CLIENTS):
        counters.take(f"read/2001:db8:{number:x}::/64", ITEM)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(counters)


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--redis", default="", help="URL of a Redis")
    options = parser.parse_args()
    works = counting() | {
        "request, no limits": app(RATE_LIMITS="false"),
        "request, limits in memory": app(),
    }
    works["request, exempt"] = app(RATE_LIMIT_EXEMPT_NETWORKS="192.0.2.0/24")
    if options.redis:
        works["request, limits in Redis"] = app(REDIS_URL=options.redis)
    measured: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(options.rounds):
        for name, work in works.items():
            calls, began = 0, time.thread_time()
            while time.thread_time() - began < 0.05:
                work()
                calls += 1
            measured[name].append((time.thread_time() - began) / calls * 1e6)
    for name, microseconds in measured.items():
        print(f"{name}: {statistics.median(microseconds):.1f} µs")
    print(f"bytes a client: {bytes_a_client():.0f}")
    print(
        f"the library's storage with {CLIENTS} clients: holds the hub for {library_stall_seconds() * 1e3:.0f} ms, every 10 ms"
    )


if __name__ == "__main__":
    main()
