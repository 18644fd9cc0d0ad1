"""What a board asks one Prometheus, over a time range, as the viewer and Grafana ask it."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import requests

from bench.boards.rules import processor_seconds
from dashboards import annotations, board_json
from dashboards.board_json import Query
from dashboards.variables import ALL

PIXELS: Final = 1900
"""Width of a board on a usual screen; a panel has a point for each of its pixels at most."""
CONNECTIONS: Final = 6
"""That a browser opens to one server."""
_ANNOTATION_SECONDS: Final = int(annotations.STEP.removesuffix("s"))
_ROUNDED: Final = (
    (1.5, 1),
    (3.5, 2),
    (7.5, 5),
    (12.5, 10),
    (17.5, 15),
    (25, 20),
    (45, 30),
    (90, 60),
    (210, 120),
    (450, 300),
    (750, 600),
    (1050, 900),
    (1500, 1200),
    (2700, 1800),
)
"""Below which number of seconds a step is which one: Grafana's ``roundInterval``."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one query cost.

    Args:
        query: Of a panel, a variable or an annotation.
        seconds: Until its answer was read whole.
        samples: That Prometheus read for it, at all steps together.
        series: Number of its series.
        result: Of Prometheus, as in its answer.
    """

    query: Query
    seconds: float
    samples: int
    result: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Load:
    """What one board cost.

    Args:
        seconds: Until its last answer.
        processor_seconds: Of Prometheus, on all of its cores.
        costs: Of each of its queries.
    """

    seconds: float
    processor_seconds: float
    costs: Sequence[Cost]


@dataclass(frozen=True, slots=True)
class View:
    """What a reader has chosen.

    Args:
        url: Of Prometheus.
        end: Unix time of the right edge.
        seconds: Length of the time range.
        scrape_seconds: Interval of the data.
        values: Of the variables; All where a name is missing.
        drawn_seconds: Length of the time range whose steps and windows are used; 0 for its own.
    """

    url: str
    end: int
    seconds: int
    scrape_seconds: int
    values: Mapping[str, str]
    drawn_seconds: int = 0

    def load(self, board: str) -> Load:
        """Ask all queries of a board at once, over as many connections as a browser has."""
        queries = [one for one in everything() if one.board == board]
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            used, began = processor_seconds(self.url), time.perf_counter()
            costs = list(threads.map(self.ask, queries))
            seconds = time.perf_counter() - began
            return Load(seconds, processor_seconds(self.url) - used, costs)

    def step(self, query: Query) -> int:
        """Return the seconds between two points of a query, as Grafana rounds them."""
        if query in _ANNOTATIONS:
            return max(_ANNOTATION_SECONDS, self.scrape_seconds)
        seconds = self.drawn_seconds or self.seconds
        wanted = seconds / (query.points or round(PIXELS * query.width))
        rounded = next((step for below, step in _ROUNDED if wanted < below), 3600)
        return max(rounded, self.scrape_seconds)

    def ask(self, query: Query) -> Cost:
        """Ask one query.

        Raises:
            RuntimeError: Prometheus refuses it.
        """
        if query in VARIABLES:
            return self._values(query)
        step = self.step(query)
        window = max(step + self.scrape_seconds, 4 * self.scrape_seconds)
        own = board_json.windows(rate_interval=window, time_range=self.seconds)
        text = query.substitute({**ALL, **self.values, **own})
        parameters: dict[str, Any] = {"query": text, "stats": "all"}
        if query.instant:
            path, parameters["time"] = "query", self.end
        else:
            path = "query_range"
            start, end = (at // step * step for at in (self.end - self.seconds, self.end))
            parameters |= {"start": start, "end": end, "step": step}
        seconds, answer = self._post(path, query, parameters)
        data = answer["data"]
        samples = data["stats"]["samples"]["totalQueryableSamples"]
        return Cost(query, seconds, samples, data["result"])

    def _values(self, query: Query) -> Cost:
        matcher = query.substitute({**ALL, **self.values})
        parameters = {"match[]": matcher, "start": self.end - self.seconds, "end": self.end}
        seconds, _ = self._post("series", query, parameters)
        return Cost(query, seconds, 0, [])

    def _post(
        self, path: str, query: Query, parameters: Mapping[str, Any]
    ) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        response = requests.post(f"{self.url}/api/v1/{path}", data=parameters, timeout=600)
        answer: dict[str, Any] = response.json()
        seconds = time.perf_counter() - began
        if answer["status"] != "success":
            raise RuntimeError(f"{query.board}, {query.panel}: {answer['error']}: {parameters}")
        return seconds, answer


_ANNOTATIONS: Final = frozenset(board_json.annotations())
VARIABLES: Final = frozenset(board_json.variables())


def everything() -> list[Query]:
    """Return every query of every board to Prometheus: of variables, annotations and panels."""
    return [*board_json.variables(), *board_json.annotations(), *board_json.queries()]


def boards() -> list[str]:
    """Return the file names of the boards."""
    return [file.name for file in board_json.files()]
