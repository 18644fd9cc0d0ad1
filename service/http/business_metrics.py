"""Business metrics of routes, with prometheus-flask-exporter and the names of ``metrics``."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, request
from prometheus_client import Counter
from prometheus_flask_exporter import PrometheusMetrics

from telemetry import Metric

View = Callable[..., Any]
LabelValue = Callable[..., str]

_OUTCOMES: Final = {
    404: "not_found",
    409: "conflict",
    412: "conflict",
    401: "refused",
    403: "refused",
    429: "limited",
}


def counted(
    metrics: PrometheusMetrics, metric: Metric, **labels: LabelValue
) -> Callable[[View], View]:
    """Count the calls of one view; the decorator registers the metric.

    Args:
        metrics: On the worker's registry.
        metric: A counter.
        labels: Functions that return a label's value, from a bounded set. One with an argument
            gets the response; one without reads Flask's request.

    Raises:
        TypeError: The labels are not the metric's.
    """
    if set(labels) != set(metric.labels):
        raise TypeError(f"{metric.name} has the labels {metric.labels}, not {tuple(labels)}")
    for value in labels.values():
        # The exporter reads the signature in every request: 18 µs a call, 12 with this cache.
        value.__signature__ = inspect.signature(value)  # type: ignore[attr-defined]
    decorator: Callable[[View], View] = metrics.counter(
        metric.name, metric.help, labels={name: labels[name] for name in metric.labels}
    )
    return decorator


def counted_writes(
    routes: Blueprint, metrics: PrometheusMetrics, metric: Metric, actions: Mapping[str, str]
) -> None:
    """Count the write requests of a blueprint, refused ones included.

    Args:
        routes: The blueprint of the views.
        metrics: On the worker's registry.
        metric: A counter with the labels ``action`` and ``result``.
        actions: The label ``action`` of each endpoint, by its full name; other endpoints are not
            counted.
    """
    counter = Counter(metric.name, metric.help, metric.labels, registry=metrics.registry)

    @routes.after_request
    def count(response: Response) -> Response:
        action = actions.get(request.endpoint or "")
        if action and request.method != "OPTIONS":
            counter.labels(action, _outcome(response.status_code)).inc()
        return response


def _outcome(status: int) -> str:
    if status < 400:
        return "done"
    return _OUTCOMES.get(status, "invalid" if status < 500 else "error")
