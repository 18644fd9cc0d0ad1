"""What a client is told when there is no answer of the companion's model.

Source: RFC 9110, sections 15.6.3 to 15.6.5 (502, 503, 504).
"""

import math
from typing import Any, Final

from flask import Response

from service.companion.failures import ModelFailed, ModelTimedOut, ModelUnavailable, TooManyCalls
from service.http.problems import problem, problem_members
from telemetry import current_record

STATUSES: Final = (502, 504)
"""Beside 503, which every operation may answer."""


def _kind(error: ModelUnavailable) -> tuple[int, str, str]:
    if isinstance(error, TooManyCalls):
        return 503, "urn:serene:problem:companion-busy", "Companion Busy"
    if isinstance(error, ModelTimedOut):
        return 504, "urn:serene:problem:companion-timed-out", "Companion Timed Out"
    if isinstance(error, ModelFailed):
        return 502, "urn:serene:problem:companion-failed", "Companion Failed"
    return 503, "urn:serene:problem:companion-unavailable", "Companion Unavailable"


def as_response(error: ModelUnavailable) -> Response:
    """The problem as a response; where it makes sense, it says when to ask again."""
    _note(error)
    status, type, title = _kind(error)
    response = problem(status, error.detail, type=type, title=title)
    if error.retry_after_seconds:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    return response


def as_members(error: ModelUnavailable, path: str) -> dict[str, Any]:
    """The members of the problem, for a response that has begun.

    Args:
        error: What happened.
        path: Of the request.
    """
    _note(error)
    status, type, title = _kind(error)
    return problem_members(status, error.detail, path=path, type=type, title=title)


def _note(error: ModelUnavailable) -> None:
    record = current_record()
    if record is not None:
        # It counts as handled, so nobody else will tell why this request failed.
        record.error_type = type(error).__name__
