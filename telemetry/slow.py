"""Why a slow request was slow: its evidence, gathered only when it was.

A sink like any other: it is handed the completed record, compares its duration with the threshold, counts it under the phase that took
most and logs one warning that holds the whole breakdown.
"""

import logging

from telemetry import names
from telemetry.context import RequestRecord
from telemetry.metrics import Metrics
from telemetry.recorder import phases

_log = logging.getLogger("telemetry.slow")


class SlowRequests:
    """The sink for requests over their threshold.

    Args:
        metrics: Where they are counted.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._slow = metrics.counter(names.SLOW_REQUESTS)

    def __call__(self, record: RequestRecord) -> None:
        if record.duration_seconds < record.slow_after_seconds:
            return
        breakdown = {phase: round(seconds, 6) for phase, seconds in phases(record)}
        dominant = max(breakdown, key=breakdown.__getitem__)
        self._slow.labels(record.route, dominant).inc()
        _log.warning(
            "slow request: %s %s took %.3f s, most of it in %s",
            record.method_label,
            record.route,
            record.duration_seconds,
            dominant,
            extra={"request": record, "fields": {"phases": breakdown, "dominant_phase": dominant}},
        )
