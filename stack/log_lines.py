"""The log lines of requests: from Loki, or from the service's file when Loki has none.

Loki keeps each line as it was written, so both return the same text.
"""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from stack.runner import Stack

_LAST_NS = 24 * 3600 * 10**9
_BEFORE_NS = 60 * 10**9
_AFTER_NS = 600 * 10**9
_MOST_LINES = 1000
_TIMEOUT_SECONDS = 10.0


def lines_of(stack: Stack, request_ids: Set[str], moments_ns: Sequence[int]) -> list[str]:
    """Return the lines with one of these ids, in the order of their times.

    Args:
        stack: Whose Loki is queried; a stack without one has the file.
        request_ids: At least one.
        moments_ns: Times of the requests, in nanoseconds since the epoch; the last day when empty.
    """
    found: list[str] = []
    if stack.pid("loki") is not None:
        now = time.time_ns()
        begin = min(moments_ns, default=now - _LAST_NS) - _BEFORE_NS
        end = max(moments_ns, default=now) + _AFTER_NS
        try:
            found = _from_loki(stack.url("loki"), line_query(request_ids), begin, end)
        except (OSError, ValueError):
            found = []
    return found or list(_from_file(stack.log_path("service"), request_ids))


def line_query(request_ids: Set[str]) -> str:
    """Return the LogQL query for the lines that contain one of these ids."""
    pattern = "|".join(re.escape(request_id) for request_id in sorted(request_ids))
    return f'{{service_name=~".+"}} |~ {json.dumps(pattern)}'


def _from_loki(loki: str, query: str, begin_ns: int, end_ns: int) -> list[str]:
    parameters = {
        "query": query,
        "start": begin_ns,
        "end": end_ns,
        "limit": _MOST_LINES,
        "direction": "forward",
    }
    url = f"{loki}/loki/api/v1/query_range?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
        answer: dict[str, Any] = json.load(response)
    values = [value for stream in answer["data"]["result"] for value in stream["values"]]
    return [line for _, line in sorted((int(moment), line) for moment, line in values)]


def _from_file(path: Path, request_ids: Set[str]) -> Iterator[str]:
    if path.exists():
        with path.open(errors="replace") as log:
            for line in log:
                if any(request_id in line for request_id in request_ids):
                    yield line.rstrip("\n")
