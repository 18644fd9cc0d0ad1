"""What Tempo, Prometheus and the worker answer."""

import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

LOOKUPS_AT_ONCE: Final = 4
SEARCH: Final = "{ status = error || span.request.slow = true }"
SEARCH_SECONDS: Final = 10
"""Period of one search."""
SEARCH_RESULTS: Final = 20_000
ARRIVAL_SECONDS: Final = 30.0
"""How long a trace that is not found at once is waited for."""
_WAIT_SECONDS: Final = 3.0

_OPENMETRICS: Final = {"Accept": "application/openmetrics-text; version=1.0.0"}
_EXEMPLAR: Final = re.compile(r'# \{[^}]*trace_id="([0-9a-f]{32})"')
_SAMPLE: Final = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)", re.MULTILINE)


def get(url: str, headers: dict[str, str] | None = None) -> str:
    """Return what an address answers."""
    request = urllib.request.Request(url, headers=headers or {})
    with urllib.request.urlopen(request, timeout=60) as response:
        text: str = response.read().decode()
    return text


def total(text: str, prefix: str, *, containing: str = "") -> int:
    """Return the sum of the samples of an exposition whose name begins with ``prefix``."""
    return sum(
        int(float(match[2]))
        for match in _SAMPLE.finditer(text)
        if match[1].startswith(prefix) and containing in match[0]
    )


def trace_id_of(request_id: str) -> str:
    """Return the id of the trace of a request that began its trace."""
    return uuid.UUID(request_id).hex


def exemplars_of_worker(management_port: int) -> set[str]:
    """Return the traces that a worker's metrics name now."""
    return set(_EXEMPLAR.findall(get(f"http://127.0.0.1:{management_port}/metrics", _OPENMETRICS)))


def exemplars_of_prometheus(url: str, seconds: float) -> set[str]:
    """Return the traces that all series' exemplars name since some time ago."""
    now = time.time()
    query = urllib.parse.urlencode(
        {"query": '{__name__=~".+"}', "start": now - seconds, "end": now}
    )
    answer: dict[str, Any] = json.loads(get(f"{url}/api/v1/query_exemplars?{query}"))
    return {
        exemplar["labels"]["trace_id"]
        for series in answer["data"]
        for exemplar in series["exemplars"]
    }


class Traces:
    """Finds traces in Tempo.

    Args:
        port: Of Tempo, on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def slow_and_failed(self, began: float, ended: float) -> set[str]:
        """Return the ids of those that a search finds.

        A search may miss traces; to find thousands one by one takes longer than to make them.

        Args:
            began: Unix seconds.
            ended: Unix seconds.
        """
        found: set[str] = set()
        for start in range(int(began), int(ended) + 1, SEARCH_SECONDS):
            query = {"q": SEARCH, "limit": SEARCH_RESULTS, "spss": 1}
            query |= {"start": start, "end": start + SEARCH_SECONDS + 1}
            url = f"http://127.0.0.1:{self._port}/api/search?{urllib.parse.urlencode(query)}"
            # Tempo leaves out leading zeros.
            found |= {each["traceID"].zfill(32) for each in json.loads(get(url)).get("traces", ())}
        return found

    def missing(self, trace_ids: Iterable[str]) -> set[str]:
        """Return those that Tempo does not have, when they have had time to arrive."""
        left = set(trace_ids)
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while True:
            left = self._missing_now(sorted(left))
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(_WAIT_SECONDS)

    def _missing_now(self, trace_ids: list[str]) -> set[str]:
        parts = [trace_ids[number::LOOKUPS_AT_ONCE] for number in range(LOOKUPS_AT_ONCE)]
        with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as pool:
            return set().union(*pool.map(self._missing_of_part, parts))

    def _missing_of_part(self, trace_ids: list[str]) -> set[str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            return {one for one in trace_ids if not self._has(connection, one)}
        finally:
            connection.close()

    def _has(self, connection: http.client.HTTPConnection, trace_id: str) -> bool:
        connection.request("GET", f"/api/traces/{trace_id}")
        response = connection.getresponse()
        response.read()
        if response.status not in (200, 404):
            raise RuntimeError(f"Tempo answers {response.status} for {trace_id}")
        return response.status == 200
