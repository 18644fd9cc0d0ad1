"""Metrics as Prometheus has them, and as one worker exposes them."""

from typing import Any

import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def query(prometheus_url: str, promql: str) -> list[dict[str, Any]]:
    """Return the result of an instant query."""
    response = requests.get(f"{prometheus_url}/api/v1/query", params={"query": promql}, timeout=60)
    response.raise_for_status()
    return response.json()["data"]["result"]


def exemplars(prometheus_url: str, promql: str, start: float, end: float) -> list[dict[str, Any]]:
    """Return the exemplars of a query between two Unix times."""
    response = requests.get(
        f"{prometheus_url}/api/v1/query_exemplars",
        params={"query": promql, "start": start, "end": end},
        timeout=60,
    )
    return [one for series in response.json()["data"] for one in series["exemplars"]]


class Scrape:
    """One worker's ``/metrics`` at one instant.

    Args:
        url: Of the management port, without path.
    """

    def __init__(self, url: str) -> None:
        response = requests.get(f"{url}/metrics", headers=OPENMETRICS, timeout=60)
        response.raise_for_status()
        self.samples = [
            sample
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float | None:
        """Return the only sample of that name whose labels contain ``labels``."""
        found = self.all(name, **labels)
        return found[0] if len(found) == 1 else None

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of that name whose labels contain ``labels``."""
        return sum(self.all(name, **labels))

    def all(self, name: str, **labels: str) -> list[float]:
        """Return the value of every such sample."""
        return [
            s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items()
        ]
