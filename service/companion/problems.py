"""Problem responses to messages for which the language model has no reply.

Source: RFC 9110, sections 15.6.3 to 15.6.5 (502, 503, 504).
"""

import math
from typing import Any, Final

from flask import Response

from service.companion.failures import ModelFailed, ModelTimedOut, ModelUnavailable, TooManyCalls
from service.http.problems import problem, problem_members
from telemetry import current_record

STATUSES: Final = (502, 504)
"""Beside 503, which every operation may return."""


def as_response(error: ModelUnavailable) -> Response:
    """Return the problem as a response, with ``Retry-After`` if the time is known."""
    _record_error(error)
    status, urn, title = _kind(error)
    response = problem(status, error.detail, type=urn, title=title)
    if error.retry_after_seconds:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    return response


def as_members(error: ModelUnavailable, path: str) -> dict[str, Any]:
    """Return the members of the problem, for a response that has started.

    Args:
        error: The failure.
        path: Of the request.
    """
    _record_error(error)
    status, urn, title = _kind(error)
    return problem_members(status, error.detail, path=path, type=urn, title=title)


def _kind(error: ModelUnavailable) -> tuple[int, str, str]:
    if isinstance(error, TooManyCalls):
        return 503, "urn:serene:problem:companion-busy", "Companion Busy"
    if isinstance(error, ModelTimedOut):
        return 504, "urn:serene:problem:companion-timed-out", "Companion Timed Out"
    if isinstance(error, ModelFailed):
        return 502, "urn:serene:problem:companion-failed", "Companion Failed"
    return 503, "urn:serene:problem:companion-unavailable", "Companion Unavailable"


def _record_error(error: ModelUnavailable) -> None:
    record = current_record()
    if record is not None:
        # Flask regards the exception as handled, so nothing else records it.
        record.error_type = type(error).__name__
