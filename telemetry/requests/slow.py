"""Why a slow request was slow: its evidence, gathered only when it was.

A sink like any other: it is handed the completed record, which knows whether it was slow, counts it
under the phase that took most and logs one warning that holds the whole breakdown. The threshold is
a setting, and a route may have its own.
"""

import logging
from collections.abc import Callable
from typing import Final

from telemetry import names
from telemetry.metrics import Metrics
from telemetry.requests.record import RequestRecord
from telemetry.requests.recorder import phases
from telemetry.view_option import View, ViewOption

_log = logging.getLogger("telemetry.slow")

_SLOW_AFTER_SECONDS: Final = ViewOption[float]("slow_after_seconds")


def slow_after(seconds: float) -> Callable[[View], View]:
    """Let requests for a view be slow only after so many seconds; above or below the decorator of
    its route.

    Args:
        seconds: More than 0; instead of the setting's.

    Raises:
        ValueError: Not more than 0.
    """
    if not seconds > 0:
        raise ValueError(f"slow_after({seconds}): should be more than 0 seconds")
    return _SLOW_AFTER_SECONDS.set(seconds)


def slow_after_seconds_of(view: object) -> float | None:
    """The threshold that a view asked for, or ``None``."""
    return _SLOW_AFTER_SECONDS.get(view)


class SlowRequests:
    """The sink for requests over their threshold.

    Args:
        metrics: Where they are counted.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._slow = metrics.counter(names.SLOW_REQUESTS)

    def __call__(self, record: RequestRecord) -> None:
        if not record.dominant_phase:
            return
        breakdown = {phase: round(seconds, 6) for phase, seconds in phases(record)}
        self._slow.labels(record.route, record.dominant_phase).inc()
        _log.warning(
            "slow request: %s %s took %.3f s, most of it in %s",
            record.method_label,
            record.route,
            record.duration_seconds,
            record.dominant_phase,
            extra={
                "request": record,
                "fields": {"phases": breakdown, "dominant_phase": record.dominant_phase},
            },
        )
