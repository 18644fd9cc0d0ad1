"""What a stand's Prometheus, Tempo and Loki answer to the boards' queries, over all of its time."""

import itertools
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from dashboards.board_json import windows
from tests.e2e.boards.stand import Stand
from tests.support.boards import Asked
from tests.support.promql.tree import Node

STEP_SECONDS = 5
VARIABLES = ("environment", "service", "version", "instance", "route")
LABELS = {
    "environment": "deployment_environment_name",
    "service": "service_name",
    "version": "service_version",
    "instance": "service_instance_id",
    "route": "http_route",
}


class Live:
    """The data sources of a stand.

    Args:
        stand: Its faults have been pressed.
    """

    def __init__(self, stand: Stand) -> None:
        self._stack = stand.stack
        self._start = stand.began
        self._end = time.time()
        self._windows = windows(rate_interval=20, time_range=int(self._end - self._start) + 60)
        self._trees: dict[str, Node] = {}
        self._values = {
            name: self._label_values({"match[]": "service_state"}, label)
            for name, label in LABELS.items()
            if name != "route"
        }
        requests_of = {
            "match[]": 'http_server_request_duration_seconds_count{http_route!~".*health.*"}'
        }
        self._values["route"] = self._label_values(requests_of, "http_route")

    # --- queries ----------------------------------------------------------------------------------
    def numbers(self, asked: Asked, values: Mapping[str, str]) -> list[float]:
        """Return the values that a query has had: its numbers, or 1 for each trace or line."""
        text = asked.with_values({**values, **self._windows})
        if asked.source == "tempo":
            return [1.0 for _ in self._traces(text)]
        if asked.source == "loki":
            return self._of_loki(asked, text)
        if asked.kind == "table":
            found = self._prometheus("query", query=text, time=self._end)["result"]
            return [number for one in found if math.isfinite(number := float(one["value"][1]))]
        found = self._prometheus(
            "query_range", query=text, start=self._start, end=self._end, step=STEP_SECONDS
        )["result"]
        return [
            number
            for one in found
            for _, value in one["values"]
            if math.isfinite(number := float(value))
        ]

    def single_values(self, asked: Asked) -> Iterator[dict[str, str]]:
        """Yield selections of one value of each variable, those with most traffic first."""
        instances, routes = self._values["instance"], self._values["route"]
        if "$route" not in asked.text and "${route" not in asked.text:
            routes = routes[:1]
        for instance, route in itertools.product(instances, routes):
            for version in self._values["version"]:
                yield {
                    "environment": self._values["environment"][0],
                    "service": "serene",
                    "version": version,
                    "instance": instance,
                    "route": route,
                }

    def parse(self, asked: Asked) -> Node:
        """Return the tree of a query."""
        text = asked.with_values()
        if text not in self._trees:
            self._trees[text] = self._prometheus("parse_query", query=text)
        return self._trees[text]

    def values_of(self, variable: Asked) -> list[str]:
        """Return the values that a variable offers with all others at All."""
        text = variable.with_values()
        series, _, label = text.removeprefix("label_values(").removesuffix(")").rpartition(", ")
        return self._label_values({"match[]": series}, label)

    def label_values(self, metric: str, label: str) -> list[str]:
        """Return the values of a label of a metric."""
        return self._label_values({"match[]": metric}, label)

    def metadata(self) -> dict[str, str]:
        """Return the kind of each metric, as its own process exposes it."""
        stack = self._stack
        urls = [stack.url(name) for name in ("prometheus", "tempo", "loki")]
        urls += [
            f"http://127.0.0.1:{stack.port(name, port)}"
            for name, port in (("collector", "metrics"), ("service", "management"))
        ]
        lines = [
            line.split()
            for url in urls
            for line in requests.get(f"{url}/metrics", timeout=60).text.splitlines()
            if line.startswith("# TYPE ")
        ]
        return {line[2]: line[3] for line in lines}

    def exemplar_traces(self, asked: Asked) -> list[str]:
        """Return the traces that a query's exemplars name, where they have the form of an id."""
        found = self._prometheus(
            "query_exemplars", query=asked.with_values(), start=self._start, end=self._end
        )
        traces = {one["labels"].get("trace_id", "") for s in found for one in s["exemplars"]}
        return sorted(trace for trace in traces if len(trace) == 32)

    # --- data sources -----------------------------------------------------------------------------
    def _prometheus(self, path: str, **parameters: Any) -> Any:
        url = f"{self._stack.url('prometheus')}/api/v1/{path}"
        answer = requests.post(url, data=parameters, timeout=120).json()
        assert answer["status"] == "success", f"{answer['error']}: {parameters}"
        return answer["data"]

    def _label_values(self, parameters: Mapping[str, str], label: str) -> list[str]:
        url = f"{self._stack.url('prometheus')}/api/v1/label/{label}/values"
        values: list[str] = requests.get(url, params=dict(parameters), timeout=60).json()["data"]
        return values

    def _traces(self, text: str) -> list[Any]:
        response = requests.get(
            f"{self._stack.url('tempo')}/api/search",
            params={"q": text, "limit": 5, "start": int(self._start), "end": int(self._end) + 60},
            timeout=120,
        )
        assert response.status_code == 200, f"{response.text}: {text}"
        traces: list[Any] = response.json()["traces"]
        return traces

    def _of_loki(self, asked: Asked, text: str) -> list[float]:
        path, times = "query", {"time": time.time_ns()}
        if asked.kind in {"logs", "annotation"}:
            path = "query_range"
            times = {"start": int(self._start * 1e9), "end": time.time_ns()}
        response = requests.get(
            f"{self._stack.url('loki')}/loki/api/v1/{path}",
            params={"query": text, "limit": 5, **times},
            timeout=120,
        )
        assert response.status_code == 200, f"{response.text}: {text}"
        return [1.0 for _ in response.json()["data"]["result"]]
