"""What redaction and compression cost the hub, in microseconds: ``python -m bench.middlewares``.

Redaction is measured for a text that is known, for a new one, and for the worst that a client may
send; compression for answers of three sizes. Each figure is the median over rounds in which all
take turns, beside the ratio to what was there before.
"""

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Callable, Mapping
from itertools import count

import brotli
from backports import zstd

from telemetry.arrival import Arrivals
from telemetry.config import TelemetryConfig
from telemetry.redaction import Redactor

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "limit=20&tag=calm",
    "REMOTE_ADDR": "192.0.2.1",
    "HTTP_HOST": "serene.test",
    "HTTP_USER_AGENT": BROWSER,
}


class Untold(Redactor):
    """Redacts nothing: what redaction is compared with."""

    def __init__(self) -> None:
        super().__init__()
        self.text = self.query = self.is_sensitive = lambda text: text  # type: ignore[assignment,method-assign,misc]


def arrivals() -> dict[str, Callable[[], object]]:
    """Making a record, with texts that repeat and with a path that never does."""
    config, numbers = TelemetryConfig(), count()
    plain = Arrivals(config)
    plain.redactor = Untold()
    redacting = Arrivals(config)

    def arrive(these: Arrivals, path: Callable[[], str]) -> Callable[[], object]:
        return lambda: these.record_of(ENVIRON | {"PATH_INFO": path()})

    def known() -> str:
        return "/api/v1/blog/posts/calm-evenings"

    def new() -> str:
        return f"/api/v1/blog/posts/calm-evenings-{next(numbers)}"

    return {
        "record, not redacted": arrive(plain, known),
        "record, known path": arrive(redacting, known),
        "record, new path": arrive(redacting, new),
    }


def texts() -> dict[str, Callable[[], object]]:
    """Redacting one text that no cache has seen."""
    redact = Redactor()._text
    worst = "a-" * 511 + "@"
    return {
        "text, new path": lambda: redact("/api/v1/blog/posts/calm-evenings-2024"),
        "text, new browser": lambda: redact(BROWSER),
        "text, hostile, 1 kB": lambda: redact(worst),
    }


def answers() -> dict[str, Callable[[], object]]:
    """Compressing pages of posts."""
    post = {
        "slug": "calm-evenings",
        "title": "Calm evenings",
        "summary": "How to come to rest when the day was long.",
        "tags": ["calm", "sleep"],
    }
    found: dict[str, Callable[[], object]] = {}
    for posts in (10, 100, 1000):
        body = json.dumps(
            [post | {"slug": f"calm-evenings-{number}"} for number in range(posts)]
        ).encode()
        levels: Mapping[str, Callable[[bytes], bytes]] = {
            "zstd 3": lambda data: zstd.compress(data, 3),
            "br 4": lambda data: brotli.compress(data, quality=4),
            "gzip 5": lambda data: gzip.compress(data, 5),
        }
        for name, compress in levels.items():
            found[f"{name}, {len(body) / 1000:.0f} kB to {len(compress(body)) / 1000:.1f}"] = (
                lambda body=body, compress=compress: compress(body)
            )  # type: ignore[misc]
    return found


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    works = arrivals() | texts() | answers()
    measured: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(options.rounds):
        for name, work in works.items():
            calls, began = 0, time.perf_counter()
            while time.perf_counter() - began < 0.02:
                work()
                calls += 1
            measured[name].append((time.perf_counter() - began) / calls * 1e6)
    base = statistics.median(measured["record, not redacted"])
    for name, microseconds in measured.items():
        median = statistics.median(microseconds)
        ratio = f", {median / base:.2f} of not redacted" if name.startswith("record") else ""
        print(f"{name}: {median:.1f} µs{ratio}")


if __name__ == "__main__":
    main()
