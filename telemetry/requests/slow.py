"""Why a slow request was slow: a counter by dominant phase, and one warning with the breakdown.

A sink like any other: the completed request already holds whether it was slow. The threshold is a
setting, and a route may have its own.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from telemetry import names
from telemetry.metrics import Metrics
from telemetry.requests.completed import CompletedRequest, freeze
from telemetry.requests.phase_account import rounded_seconds
from telemetry.requests.record import RequestRecord
from telemetry.view_option import View, ViewOption

_log = logging.getLogger("telemetry.slow")

MOST_EVENTS: Final = 8
"""Events of a request in its warning."""
MOST_CHARACTERS: Final = 200
"""Of a text in it."""

_SLOW_AFTER_SECONDS: Final = ViewOption[float]("slow_after_seconds")


def slow_after(seconds: float) -> Callable[[View], View]:
    """Give a view its own threshold; above or below the decorator of its route.

    Args:
        seconds: More than 0; replaces the setting.

    Raises:
        ValueError: Not more than 0.
    """
    if not seconds > 0:
        raise ValueError(f"slow_after({seconds}): should be more than 0 seconds")
    return _SLOW_AFTER_SECONDS.set(seconds)


def slow_after_seconds_of(view: object) -> float | None:
    """Return the threshold of a view; ``None`` where the setting applies."""
    return _SLOW_AFTER_SECONDS.get(view)


class SlowRequests:
    """The sink for requests over their threshold.

    Args:
        metrics: Where they are counted.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._slow = metrics.counter(names.SLOW_REQUESTS)

    def __call__(self, request: RequestRecord | CompletedRequest) -> None:
        """Count and log a slow request."""
        if not request.dominant_phase:
            return
        evidence: dict[str, object] = {}
        if isinstance(request, RequestRecord):
            evidence = _evidence_of_record(request)
            request = freeze(request)  # a handler of the warning may keep it
        self._slow.labels(request.route, request.dominant_phase).inc()
        _log.warning(
            "slow request: %s %s took %.3f s, most of it in %s",
            request.method_label,
            request.route,
            request.duration_seconds,
            request.dominant_phase,
            extra={
                "request": request,
                "fields": {
                    "phases": rounded_seconds(request.phase_seconds),
                    "dominant_phase": request.dominant_phase,
                    **_evidence(request),
                    **evidence,
                },
            },
        )


def _evidence(request: CompletedRequest) -> dict[str, object]:
    """What only some requests have: greenlets of their own, waits without a name."""
    found: dict[str, object] = {}
    if request.parallel_seconds:
        found["parallel"] = rounded_seconds(request.parallel_seconds)
    if request.unnamed_waits:
        found["unnamed_waits"] = rounded_seconds(request.unnamed_waits)
    return found


def _evidence_of_record(record: RequestRecord) -> dict[str, object]:
    """What happened to it, so that a victim's line names the culprit, and its longest wait."""
    found: dict[str, object] = {}
    longest = record.longest_wait
    if longest is not None and longest.waited_ns and str(longest.subject):
        found["longest_wait"] = {
            "phase": longest.phase,
            "subject": str(longest.subject)[:MOST_CHARACTERS],
            "seconds": round(longest.waited_ns / 1e9, 6),
        }
    if record.events:
        found["events"] = [
            {"name": event.name, **_short(event.attributes)}
            for event in record.events[:MOST_EVENTS]
        ]
    return found


def _short(attributes: Mapping[str, Any]) -> dict[str, object]:
    """The attributes of an event that are no stacks or other long texts."""
    return {
        name: value
        for name, value in attributes.items()
        if isinstance(value, bool | int | float)
        or (isinstance(value, str) and len(value) <= MOST_CHARACTERS and "\n" not in value)
    }
