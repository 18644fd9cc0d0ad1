"""What rate limits cost, in CPU time and memory: ``python -m bench.limits``.

Counting one request in memory, by the library's storage and by the service's, with few and with
many clients; whole requests of an app without limits, with them, and with them in Redis (option
``--redis``). Each figure is the median over interleaved rounds.
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

from bench.rounds import microseconds_by_name
from service import rate_limits
from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.settings import RateLimitSettings
from telemetry import Telemetry

ITEM = parse("1000000/minute")
CLIENTS = 50_000


def app(**environ: str) -> Callable[[], object]:
    """Return a function that sends one request to a small app with these settings of limits."""
    telemetry = Telemetry.from_env(
        {"OTEL_TRACES_SAMPLER_ARG": "0", "TELEMETRY_REQUEST_LOG": "false"}
    )
    flask = Flask("bench", static_folder=None)
    settings = RateLimitSettings.from_env({"RATE_LIMIT_READ": "1000000/minute"} | environ)
    rate_limits.install(flask, settings, telemetry, account_id=lambda: None)
    flask.add_url_rule("/", "root", lambda: "")
    telemetry.lifecycle.ready()
    telemetry.init_app(flask)
    request = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SERVER_NAME": "s",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }

    def send() -> None:
        body = flask({**request, "REMOTE_ADDR": "192.0.2.1"}, lambda *_: lambda _: None)
        b"".join(body)
        body.close()  # type: ignore[attr-defined]

    return send


def counting() -> dict[str, Callable[[], object]]:
    """Return the counting of one request, of a known and of a new client."""
    empty, full, numbers = MemoryCounters(), MemoryCounters(), count()
    for number in range(CLIENTS):
        full.take(str(number), ITEM)
    return {
        "count, known client": lambda: empty.take("read/192.0.2.1", ITEM),
        f"count, new client beside {CLIENTS}": lambda: full.take(f"read/{next(numbers)}", ITEM),
    }


def library_stall_seconds() -> float:
    """Return how long the library's storage blocks the hub when it removes expired counters."""
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
    """Return the memory of the service's counters per client."""
    tracemalloc.start()
    counters = MemoryCounters()
    for number in range(CLIENTS):
        counters.take(f"read/2001:db8:{number:x}::/64", ITEM)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(counters)


def main() -> None:
    """Measure in interleaved rounds and print."""
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
    measured = microseconds_by_name(
        works, rounds=options.rounds, clock=time.thread_time, seconds=0.05
    )
    for name, microseconds in measured.items():
        print(f"{name}: {statistics.median(microseconds):.1f} µs")
    print(f"bytes a client: {bytes_a_client():.0f}")
    stall_ms = library_stall_seconds() * 1e3
    blocked = f"blocks the hub for {stall_ms:.0f} ms, every 10 ms"
    print(f"the library's storage with {CLIENTS} clients: {blocked}")


if __name__ == "__main__":
    main()
