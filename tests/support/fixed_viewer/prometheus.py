"""Prometheus' answers: series over time, values, exemplars, label values, rules.

Source: Prometheus' documentation, "HTTP API".
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.support.fixed_viewer import labels, numbers
from tests.support.fixed_viewer.moment import FIXTURES, NOW, SLOW_AT, SLOW_SECONDS, TRACE_ID
from tests.support.fixed_viewer.numbers import Curve
from tests.support.fixed_viewer.targets import Target, find

Form = Mapping[str, str]

_DOTS: Final = ((-2700.0, 0.21), (-1750.0, 0.64), (-1320.0, 0.83), (-600.0, 0.34), (-240.0, 0.18))
"""Times before now and seconds of exemplars beside that of the slow request."""


class UnknownQueryError(Exception):
    """A query that no board, page or variable has."""


def answer(path: str, form: Form) -> object:
    """Return the JSON of an answer.

    Raises: UnknownQueryError for a query that is in no board.
    """
    if path.startswith("/api/v1/label/"):
        name = path.split("/")[4]
        return _success(list(labels.VALUES.get(name, ())))
    return _success(_READS[path.removeprefix("/api/v1/")](form))


def target_of(query: str) -> Target:
    """Return what a query belongs to. Raises: UnknownQueryError for one that is in no board."""
    found = find(query)
    if found is None:
        raise UnknownQueryError(f"no board has the query: {query}")
    return found


def vector(target: Target, seconds: float) -> list[dict[str, Any]]:
    """Return the values of a query's series at one time."""
    return [
        {"metric": each, "value": [seconds, _text(numbers.curve(target, each, number)(seconds))]}
        for number, each in enumerate(labels.of_target(target))
    ]


def _success(data: object) -> object:
    return {"status": "success", "data": data}


def _instant(form: Form) -> object:
    seconds = float(form["time"])
    return {"resultType": "vector", "result": vector(target_of(form["query"]), seconds)}


def _range(form: Form) -> object:
    target = target_of(form["query"])
    start, end, step = (float(form[name]) for name in ("start", "end", "step"))
    times = [start + index * step for index in range(int((end - start) / step) + 1)]
    if target.kind == "annotation":
        return {"resultType": "matrix", "result": _notes(target, times)}
    series = [
        {"metric": each, "values": _samples(numbers.curve(target, each, number), times)}
        for number, each in enumerate(labels.of_target(target))
    ]
    return {"resultType": "matrix", "result": series}


def _samples(curve: Curve, times: list[float]) -> list[list[object]]:
    return [[seconds, _text(curve(seconds))] for seconds in times]


def _notes(target: Target, times: list[float]) -> list[dict[str, Any]]:
    """Return one series that is above zero when its annotation is to be drawn."""
    metric = {name: labels.VALUES[name][0] for name in target.labels}
    match target.title:
        case "New versions":
            born = _text((NOW - 3000) * 1000)
            values = [[at, born] for at in times if 0 <= at - (NOW - 3000) < 300]
        case "Drains and starts":
            values = [[at, "1"] for at in times if 0 <= at - (NOW - 3030) < 180]
        case _:
            values = [[at, "1"] for at in times if 0 <= at - (NOW - 1600) < 500]
    return [{"metric": metric, "values": values}] if values else []


def _exemplars(form: Form) -> object:
    target_of(form["query"])
    start, end = float(form["start"]), float(form["end"])
    dots = [(SLOW_AT, SLOW_SECONDS, TRACE_ID)]
    dots += [
        (NOW + before, seconds, f"{number:032x}")
        for number, (before, seconds) in enumerate(_DOTS, 0xE0)
    ]
    found = [
        {"labels": {"trace_id": trace}, "value": _text(seconds), "timestamp": at}
        for at, seconds, trace in sorted(dots)
        if start <= at <= end
    ]
    series = {
        "__name__": "http_server_request_duration_seconds_bucket",
        "http_route": "/api/v1/blog/posts",
    }
    return [{"seriesLabels": series, "exemplars": found}]


def _alerts(_form: Form) -> object:
    return {"alerts": [alert for rule in _rules() for alert in rule["alerts"]]}


def _groups(_form: Form) -> object:
    return {"groups": [{"name": "serene", "file": "rules/alerts.yml", "rules": _rules()}]}


def _rules() -> list[dict[str, Any]]:
    """Return recorded rules that are quiet, one that is pending, and two that fire.

    One of those is no alert for a person: Alertmanager alone needs it.
    """
    recorded = json.loads((FIXTURES / "prometheus-rules.json").read_text(encoding="utf-8"))
    quiet: list[dict[str, Any]] = recorded["data"]["groups"][0]["rules"]
    return [
        _rule("DatabaseSlow", "ticket", "firing", "database-slow", "mongodb"),
        _rule("CauseFiredRecently", "none", "firing", "database-slow", "mongodb"),
        _rule("AvailabilityBurn", "page", "pending", "availability-burn", "service"),
        *quiet,
    ]


def _rule(name: str, severity: str, state: str, runbook: str, board: str) -> dict[str, Any]:
    annotations = {
        "summary": f"{name} of serene: p95 of find posts is 0.61 s",
        "description": "Commands take longer than their objective on the wire.",
        "runbook": f"docs/runbooks/{runbook}.md",
        "board": f"/d/serene-{board}?from=now-1h&to=now",
    }
    alert = {
        "labels": {"alertname": name, "service_name": "serene", "severity": severity},
        "annotations": annotations,
        "state": state,
        "activeAt": "2026-11-27T00:28:20Z",
        "value": "6.1e-01",
    }
    return {
        "type": "alerting",
        "name": name,
        "state": state,
        "query": 'max by (service_name) (serene:db_operation_seconds:p95_5m{service_name="serene"})'
        " > 0.25",
        "duration": 300,
        "labels": {"severity": severity},
        "annotations": annotations,
        "alerts": [alert],
        "health": "ok",
    }


def _text(number: float) -> str:
    return f"{number:.6g}" if abs(number) < 1e6 else f"{number:.0f}"


_READS: Final[Mapping[str, Callable[[Form], object]]] = {
    "query": _instant,
    "query_range": _range,
    "query_exemplars": _exemplars,
    "alerts": _alerts,
    "rules": _groups,
}
