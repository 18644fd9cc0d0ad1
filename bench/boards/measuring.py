"""Each query of each board on one Prometheus, over a time range, as Grafana asks it."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from dashboards import board_json
from dashboards.board_json import Query
from dashboards.variables import ALL

POINTS: Final = 1000
"""Of a graph that is as wide as a screen."""
_NICE_STEPS: Final = (5, 10, 15, 30, 60, 120, 300, 600)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one query cost.

    Args:
        query: Of a panel.
        seconds: Until its answer was read whole.
        samples: That Prometheus read for it, at all steps together.
        peak: Most samples in memory at once.
    """

    query: Query
    seconds: float
    samples: int
    peak: int


@dataclass(frozen=True, slots=True)
class View:
    """What a reader has chosen.

    Args:
        url: Of Prometheus.
        end: Unix time of the right edge.
        seconds: Length of the time range.
        scrape_seconds: Interval of the data.
        values: Of the variables; All where a name is missing.
    """

    url: str
    end: int
    seconds: int
    scrape_seconds: int
    values: Mapping[str, str]

    @property
    def step(self) -> int:
        """Seconds between two points, as Grafana rounds them."""
        wanted = max(self.seconds / POINTS, self.scrape_seconds)
        return next((step for step in _NICE_STEPS if step >= wanted), _NICE_STEPS[-1])

    def measure(self) -> Iterator[Cost]:
        """Yield the cost of each query of the opened sections of each board."""
        for query in board_json.queries():
            yield self._cost(query)

    def _cost(self, query: Query) -> Cost:
        window = max(self.step + self.scrape_seconds, 4 * self.scrape_seconds)
        own = {"__rate_interval": f"{window}s", "__range": f"{self.seconds}s"}
        text = query.substitute({**ALL, **self.values, **own})
        parameters: dict[str, Any] = {"query": text, "stats": "all"}
        if query.instant:
            path, parameters["time"] = "query", self.end
        else:
            path = "query_range"
            parameters |= {"start": self.end - self.seconds, "end": self.end, "step": self.step}
        began = time.perf_counter()
        answer = requests.post(f"{self.url}/api/v1/{path}", data=parameters, timeout=600).json()
        seconds = time.perf_counter() - began
        if answer["status"] != "success":
            raise RuntimeError(f"{query.board}, {query.panel}: {answer['error']}: {text}")
        samples = answer["data"]["stats"]["samples"]
        return Cost(query, seconds, samples["totalQueryableSamples"], samples["peakSamples"])


def board_of(cost: Cost) -> str:
    """Return the slug of a cost's board."""
    return re.sub(r"\.json$", "", cost.query.board)
