"""Clients that were too slow: counted by reason, and one log line each."""

import logging

from telemetry import names
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.requests.record import current_record
from telemetry.server.client_pace import ClientTooSlow

_log = logging.getLogger("access")


class SlowClients:
    """Reports the slow clients of one process.

    Args:
        metrics: Holds the counter.
        guard: Stands around the report.
    """

    def __init__(self, metrics: Metrics, guard: Guard) -> None:
        self._counters = metrics.counters(names.SLOW_CLIENTS)
        self._place = guard.at("client.too_slow")

    def report(self, address: str, error: ClientTooSlow) -> None:
        """Count and log one client.

        Args:
            address: Its address.
            error: Names what the server waited for.
        """
        with self._place:
            self._counters[(error.reason,)].inc()
            _log.info(
                "client too slow",
                extra={
                    "request": current_record(),
                    "fields": {
                        "reason": error.reason,
                        "waited_for": error.part,
                        "client_address": address,
                    },
                },
            )
