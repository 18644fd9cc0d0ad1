"""What an SRE's tools see: a trace in Tempo, series in Prometheus, a worker's own ``/metrics``,
lines of its log.
"""

import base64
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import gevent
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.machine import PATIENCE_SECONDS

T = TypeVar("T")
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def wait_for(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Look until there is something to see. Whoever does not answer has nothing to show, yet.

    Args:
        look: Returns what was waited for, or something false.
        seconds: How long to look.
        what: For the failure.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            found: T | None = look()
            last: object = found
        except requests.RequestException as error:
            found, last = None, error
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"not seen within {seconds} s: {what} (last: {last!r})")
        gevent.sleep(0.1)


@dataclass(frozen=True)
class Span:
    """One span as Tempo returns it; ids in hex."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    began_ns: int
    seconds: float
    status: str
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass(frozen=True)
class Node:
    """A span in its place: what it says, and what was called from it, in the order of their
    beginnings.
    """

    name: str
    kind: str
    status: str
    attributes: dict[str, Any]
    children: "tuple[Node, ...]" = ()


def trees(spans: Iterable[Span]) -> tuple[Node, ...]:
    """The spans of one trace as trees; a span whose parent is not among them begins one."""
    found = sorted(spans, key=lambda span: span.began_ns)
    known = {span.span_id for span in found}

    def below(parent: str | None) -> tuple[Node, ...]:
        children = [
            span
            for span in found
            if (span.parent_span_id if span.parent_span_id in known else None) == parent
        ]
        return tuple(
            Node(span.name, span.kind, span.status, span.attributes, below(span.span_id))
            for span in children
        )

    return below(None)


def _hex(identifier: str) -> str:
    return base64.b64decode(identifier).hex() if identifier else ""


def _values(attributes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {item["key"]: _value(item["value"]) for item in attributes}


def _value(value: dict[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "arrayValue":
        return [_value(item) for item in content.get("values", [])]
    return int(content) if kind == "intValue" else content


def spans_of(tempo_url: str, trace_id: str) -> list[Span]:
    """The spans of one trace, parents first; empty when Tempo does not have it."""
    answer = requests.get(f"{tempo_url}/api/traces/{trace_id}", timeout=60)
    if answer.status_code == 404:
        return []
    answer.raise_for_status()
    spans = [
        Span(
            trace_id=_hex(span["traceId"]),
            span_id=_hex(span["spanId"]),
            parent_span_id=_hex(span.get("parentSpanId", "")),
            name=span["name"],
            kind=span["kind"].removeprefix("SPAN_KIND_"),
            began_ns=int(span["startTimeUnixNano"]),
            seconds=(int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e9,
            status=span.get("status", {})
            .get("code", "STATUS_CODE_UNSET")
            .removeprefix("STATUS_CODE_"),
            attributes=_values(span.get("attributes", [])),
            resource=_values(batch["resource"]["attributes"]),
        )
        for batch in answer.json()["batches"]
        for scope in batch["scopeSpans"]
        for span in scope["spans"]
    ]
    return sorted(spans, key=lambda span: span.parent_span_id)


def trace(
    tempo_url: str, trace_id: str, *, spans: int = 1, seconds: float = PATIENCE_SECONDS
) -> list[Span]:
    """The spans of one trace once Tempo has at least ``spans`` of them."""
    return wait_for(
        lambda: found if len(found := spans_of(tempo_url, trace_id)) >= spans else None,
        seconds,
        f"trace {trace_id} with {spans} spans",
    )


def query(prometheus_url: str, promql: str) -> list[dict[str, Any]]:
    """An instant query's result."""
    answer = requests.get(f"{prometheus_url}/api/v1/query", params={"query": promql}, timeout=60)
    answer.raise_for_status()
    return answer.json()["data"]["result"]


def value(prometheus_url: str, promql: str) -> float | None:
    """The value of a query that gives one series, or ``None`` when it gives none."""
    found = query(prometheus_url, promql)
    if not found:
        return None
    (series,) = found
    return float(series["value"][1])


class Scrape:
    """One worker's ``/metrics`` at one instant.

    Args:
        url: Of the management port, without path.
    """

    def __init__(self, url: str) -> None:
        answer = requests.get(f"{url}/metrics", headers=OPENMETRICS, timeout=60)
        answer.raise_for_status()
        self.samples = [
            sample
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float | None:
        """The one sample of that name whose labels contain ``labels``."""
        found = self.all(name, **labels)
        return found[0] if len(found) == 1 else None

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name whose labels contain ``labels``."""
        return sum(self.all(name, **labels))

    def all(self, name: str, **labels: str) -> list[float]:
        """Every such sample's value."""
        return [
            s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items()
        ]


def log_lines(path: Path, **members: Any) -> list[dict[str, Any]]:
    """The JSON lines of a log that have these members."""
    lines = []
    for text in path.read_text(errors="replace").splitlines(keepends=True):
        # The last one may be in the middle of being written.
        if text.startswith("{") and text.endswith("\n"):
            line = json.loads(text)
            if members.items() <= line.items():
                lines.append(line)
    return lines
