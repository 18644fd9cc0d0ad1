"""Log lines as Loki has them."""

import time
from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True)
class LokiLine:
    """One line with its labels and its structured metadata, which Loki returns together."""

    unix_ns: int
    text: str
    labels: dict[str, str]


def query_lines(
    url: str, logql: str, *, seconds: float = 3600, limit: int = 5000
) -> list[LokiLine]:
    """Return the lines of a LogQL query in the order of their times; empty while Loki is away.

    Args:
        url: Of Loki.
        logql: A query for lines.
        seconds: How far back.
        limit: Most lines.
    """
    now = time.time_ns()
    parameters: dict[str, Any] = {
        "query": logql,
        "start": now - int(seconds * 1e9),
        "end": now + 10**9,
        "limit": limit,
        "direction": "forward",
    }
    response = requests.get(f"{url}/loki/api/v1/query_range", params=parameters, timeout=60)
    response.raise_for_status()
    lines = [
        LokiLine(int(value[0]), value[1], stream["stream"])
        for stream in response.json()["data"]["result"]
        for value in stream["values"]
    ]
    return sorted(lines, key=lambda line: (line.unix_ns, line.text))


def index_labels(url: str) -> set[str]:
    """Return the names of all labels of all streams."""
    response = requests.get(f"{url}/loki/api/v1/labels", timeout=60)
    response.raise_for_status()
    return set(response.json().get("data", []))
