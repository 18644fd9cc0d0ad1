"""Answers that no app gives: to a head that cannot be read, or is too large, and to an app that has
given up.

They are problems as the app's own are, and have a request id of their own for whoever asks what
happened. Nothing of what came is said again, neither to the client nor in the log: it may be
anything.

Source: RFC 9457; RFC 9110, section 15 for the statuses.
"""

import json
from http import HTTPStatus
from typing import Final

from gunicorn.http import errors

from telemetry.names import REQUEST_ID_HEADER

_TOLD: Final[dict[type[Exception], tuple[HTTPStatus, str]]] = {
    errors.LimitRequestLine: (HTTPStatus.REQUEST_URI_TOO_LONG, "The URL is too long."),
    errors.LimitRequestHeaders: (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The headers are too many, or one of them is too large.",
    ),
    errors.UnsupportedTransferCoding: (
        HTTPStatus.NOT_IMPLEMENTED,
        "The transfer coding is not known here.",
    ),
    errors.ExpectationFailed: (
        HTTPStatus.EXPECTATION_FAILED,
        "What the client expects is not known here.",
    ),
}
_OURS: Final = (
    errors.ConfigurationProblem,
    errors.InvalidResponseHeader,
    errors.InvalidResponseHeaderName,
)
_UNREADABLE: Final = (HTTPStatus.BAD_REQUEST, "The request cannot be read.")

GAVE_UP: Final = "Something went wrong on our side. The request id finds what it was."


def refusal_of(error: BaseException) -> tuple[HTTPStatus, str] | None:
    """Status and detail for what a client sent, as gunicorn's parser finds it; ``None`` for what is
    not the client's mistake.
    """
    if isinstance(error, _OURS) or not isinstance(error, errors.ParseException):
        return None
    return next((told for kind, told in _TOLD.items() if isinstance(error, kind)), _UNREADABLE)


def problem(status: HTTPStatus, detail: str, request_id: str) -> bytes:
    """A whole response, the connection's last.

    Args:
        status: Also says the title.
        detail: One sentence for the client's developer.
        request_id: Finds the request in the log; left out when there is none.
    """
    members = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    headers = ["Connection: close", "Content-Type: application/problem+json"]
    if request_id:
        members["request_id"] = request_id
        headers.append(f"{REQUEST_ID_HEADER}: {request_id}")
    body = json.dumps(members).encode()
    headers.append(f"Content-Length: {len(body)}")
    return "\r\n".join((f"HTTP/1.1 {status} {status.phrase}", *headers, "", "")).encode() + body
