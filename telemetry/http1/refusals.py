"""Responses that no app gives, and the one line and the count of each refused request.

They are problems as the app's own are, and have a request id, by which the log line is found.
Nothing of the request is repeated, neither to the client nor in the log: it may contain anything.

Source: RFC 9457; RFC 9110, section 15 for the statuses.
"""

import logging
from http import HTTPStatus
from uuid import uuid4

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.http1.rules import Rule
from telemetry.metrics import Metrics
from telemetry.problem import CONTENT_TYPE, problem_bytes, problem_members

_log = logging.getLogger("access")


def problem_response(rule: Rule, request_id: str, *headers: str) -> bytes:
    """Encode a whole response, the connection's last.

    Args:
        rule: Gives the status and the detail.
        request_id: Finds the request in the log; left out when empty.
        headers: Further lines, such as ``Retry-After: 1``.
    """
    status = HTTPStatus(rule.status)
    body = problem_bytes(problem_members(status, rule.detail, request_id=request_id))
    lines = ["Connection: close", f"Content-Type: {CONTENT_TYPE}", *headers]
    if request_id:
        lines.append(f"{names.REQUEST_ID_HEADER}: {request_id}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((f"HTTP/1.1 {status} {status.phrase}", *lines, "", "")).encode() + body


class Refusals:
    """The refused requests of one process.

    Args:
        metrics: Holds the counter.
        config: Decides whether responses have a request id.
    """

    def __init__(self, metrics: Metrics, config: TelemetryConfig) -> None:
        self._counters = metrics.counters(names.UNREADABLE_REQUESTS)
        self._has_request_id = config.request_id

    def new_request_id(self) -> str:
        """Return the id of a refused request; empty where ids are switched off."""
        return str(uuid4()) if self._has_request_id else ""

    def record(self, rule: Rule, client_address: str, request_id: str) -> None:
        """Count and log a refused request.

        Args:
            rule: What it broke.
            client_address: Of the peer; ``unix`` for a Unix socket.
            request_id: As in the response.
        """
        self._counters[(str(rule.status.value),)].inc()
        _log.info(
            "request refused before it was read",
            extra={
                "fields": {
                    "status": rule.status.value,
                    "reason": rule.detail,
                    "request_id": request_id,
                    "client_address": client_address,
                }
            },
        )

    def refuse(self, rule: Rule, client_address: str) -> bytes:
        """Count and log a refused request; returns the response.

        Args:
            rule: What it broke.
            client_address: Of the peer; ``unix`` for a Unix socket.
        """
        request_id = self.new_request_id()
        self.record(rule, client_address, request_id)
        return problem_response(rule, request_id)
