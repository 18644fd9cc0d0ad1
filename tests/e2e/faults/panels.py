"""Which panels of a board change with a fault: their queries' values before and after the press.

A panel has changed when a series of one of its queries is new, or far outside of the values that it
had before. Where other faults are at work too, only panels count that read a metric of the fault's
alert, or name the alert.
"""

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
import yaml

from dashboards import board_json
from dashboards.board_json import Query
from stack.faults.catalogue import Fault
from stack.runner import Stack

BEFORE_SECONDS = 15
STEP_SECONDS = 3
FACTOR = 2.0
"""Twice the largest value before, or half of the smallest."""
SMALLEST = 1e-3
HOME = "serene-home"
WINDOWS = {"__interval": "2s", **board_json.windows(rate_interval=4, time_range=60)}
EVERYWHERE = {"process_start_time_seconds", "up"}
"""Read by nearly every query, to know which workers are new."""
BEHIND: Mapping[str, set[str]] = {
    "LatencyBurnFast": {
        "http_server_slow_requests_total",
        "http_server_request_phase_seconds_total",
        "http_server_request_duration_seconds_bucket",
    }
}
"""Metrics that an alert reads by recording rules."""
_METRIC = re.compile(r"[a-zA-Z_:][\w:]*")

Series = Mapping[frozenset[tuple[str, str]], tuple[float, float]]
"""The least and the largest value of each series, by its labels."""


class _Values(dict[str, str]):
    """Values of a board's variables: everything, in windows of the drill."""

    def __missing__(self, name: str) -> str:
        return ".*"


@dataclass(frozen=True)
class Before:
    """A fault's board, and Home, before the press."""

    alert: str
    values: dict[Query, Series]


class Panels:
    """Reads the boards' queries.

    Args:
        stack: Has the Prometheus to ask.
        rules: File of the alerts' rules.
    """

    def __init__(self, stack: Stack, rules: Path) -> None:
        self._stack = stack
        self._queries = board_json.queries()
        self._uids = {file.name: board_json.load(file)["uid"] for file in board_json.files()}
        self._read: dict[str, set[str]] = {}
        for group in yaml.safe_load(rules.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                found = set(_METRIC.findall(rule["expr"]))
                self._read.setdefault(rule["alert"], set()).update(found)

    def before(self, fault: Fault, *, isolated: bool) -> Before:
        """Read the fault's board.

        Args:
            fault: About to be pressed.
            isolated: No other fault is at work.
        """
        now = time.time()
        queries = [one for one in self._queries if self._may_show(one, fault, isolated=isolated)]
        values = {one: self._range(one, now - BEFORE_SECONDS, now) for one in queries}
        return Before(fault.alert, values)

    def changed(self, before: Before) -> list[str]:
        """Return the titles of the panels that have changed; those of the fault's board first."""
        now = time.time()
        ordered = sorted(before.values.items(), key=lambda one: self._uids[one[0].board] == HOME)
        titles = [
            query.panel if self._uids[query.board] != HOME else f"Home: {query.panel}"
            for query, known in ordered
            if _differs(known, self._range(query, now, now), before.alert)
        ]
        return list(dict.fromkeys(titles))

    def _may_show(self, query: Query, fault: Fault, *, isolated: bool) -> bool:
        if self._uids[query.board] not in (fault.board, HOME):
            return False
        if isolated and self._uids[query.board] != HOME:
            return True
        read = self._read[fault.alert]
        own = (read | BEHIND.get(fault.alert, set()) | {"ALERTS"}) - EVERYWHERE
        return bool(query.metrics & own) or (bool(query.metrics) and query.metrics <= read)

    def _range(self, query: Query, begin: float, end: float) -> Series:
        parameters = {
            "query": query.substitute(_Values(WINDOWS)),
            "start": begin,
            "end": end,
            "step": STEP_SECONDS,
        }
        response = requests.get(
            f"{self._stack.url('prometheus')}/api/v1/query_range", params=parameters, timeout=60
        )
        if response.status_code != 200:
            raise AssertionError(f"{query.panel}: {response.text}")
        found = {}
        for series in response.json()["data"]["result"]:
            values = [float(text) for _, text in series["values"]]
            values = [value for value in values if math.isfinite(value)]
            if values:
                found[frozenset(series["metric"].items())] = (min(values), max(values))
        return found


def _differs(before: Series, now: Series, alert: str) -> bool:
    for labels, values in now.items():
        name = dict(labels).get("alertname")
        if name is None and _is_far(before.get(labels), values):
            return True
        if name == alert and labels not in before:
            return True
    return bool(before) and not now


def _is_far(before: tuple[float, float] | None, now: tuple[float, float]) -> bool:
    if before is None:
        return now[1] > SMALLEST
    least, largest = before
    return now[1] > FACTOR * max(largest, SMALLEST) or now[0] < least / FACTOR - SMALLEST
