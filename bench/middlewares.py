"""What redaction and compression cost, in microseconds: ``python -m bench.middlewares``.

Redaction of a known text, of a new one, and of the worst that a client may send; compression of
answers of three sizes. Each figure is the median over interleaved rounds, beside its ratio to a
record without redaction.
"""

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count

import brotli  # type: ignore[import-untyped]  # it has no type information
from backports import zstd

from bench.rounds import microseconds_by_name
from telemetry.config import TelemetryConfig
from telemetry.redaction import Redactor
from telemetry.requests.parsing import RequestParser

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/120.0.0.0 Safari/537.36"
)
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "limit=20&tag=calm",
    "REMOTE_ADDR": "192.0.2.1",
    "HTTP_HOST": "serene.test",
    "HTTP_USER_AGENT": BROWSER,
}


class NoRedaction(Redactor):
    """Returns every text unchanged, as the baseline."""

    def _is_sensitive(self, name: str) -> bool:
        return False

    def _text(self, text: str) -> str:
        return text

    def _query(self, query: str) -> str:
        return query


def records() -> dict[str, Callable[[], object]]:
    """Return the creation of a record, with repeated texts and with new paths."""
    config, numbers = TelemetryConfig.from_env({}), count()
    plain = RequestParser(config)
    plain.redactor = NoRedaction()
    redacting = RequestParser(config)

    def create(parser: RequestParser, path: Callable[[], str]) -> Callable[[], object]:
        return lambda: parser.parse(ENVIRON | {"PATH_INFO": path()})

    def known() -> str:
        return "/api/v1/blog/posts/calm-evenings"

    def new() -> str:
        return f"/api/v1/blog/posts/calm-evenings-{next(numbers)}"

    return {
        "record, not redacted": create(plain, known),
        "record, known path": create(redacting, known),
        "record, new path": create(redacting, new),
    }


def texts() -> dict[str, Callable[[], object]]:
    """Return the redaction of one text that is in no cache."""
    redact = Redactor()._text
    worst = "a-" * 511 + "@"
    return {
        "text, new path": lambda: redact("/api/v1/blog/posts/calm-evenings-2024"),
        "text, new browser": lambda: redact(BROWSER),
        "text, hostile, 1 kB": lambda: redact(worst),
    }


def responses() -> dict[str, Callable[[], object]]:
    """Return the compression of pages of posts."""
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
            title = f"{name}, {len(body) / 1000:.0f} kB to {len(compress(body)) / 1000:.1f}"
            found[title] = partial(compress, body)
    return found


def main() -> None:
    """Measure in interleaved rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    works = records() | texts() | responses()
    measured = microseconds_by_name(
        works, rounds=options.rounds, clock=time.perf_counter, seconds=0.02
    )
    base = statistics.median(measured["record, not redacted"])
    for name, microseconds in measured.items():
        median = statistics.median(microseconds)
        ratio = f", {median / base:.2f} of not redacted" if name.startswith("record") else ""
        print(f"{name}: {median:.1f} µs{ratio}")


if __name__ == "__main__":
    main()
