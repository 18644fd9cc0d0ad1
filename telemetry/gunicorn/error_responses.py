"""Responses that no app gives: to an unreadable or too large head, and for an app that failed.

They are problems as the app's own are, and have a request id, by which the log line is found.
Nothing of the request is repeated, neither to the client nor in the log: it may contain anything.

Source: RFC 9457; RFC 9110, section 15 for the statuses.
"""

from http import HTTPStatus
from typing import Final

from gunicorn.http import errors

from telemetry.names import REQUEST_ID_HEADER
from telemetry.problem import CONTENT_TYPE, problem_bytes, problem_members

_CLIENT_ERRORS: Final[dict[type[Exception], tuple[HTTPStatus, str]]] = {
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
_SERVER_ERRORS: Final = (
    errors.ConfigurationProblem,
    errors.InvalidResponseHeader,
    errors.InvalidResponseHeaderName,
)
_UNREADABLE: Final = (HTTPStatus.BAD_REQUEST, "The request cannot be read.")

APP_FAILED: Final = "Something went wrong on our side. The request id finds what it was."


def client_error(error: BaseException) -> tuple[HTTPStatus, str] | None:
    """Return status and detail for a request that gunicorn's parser rejected.

    ``None`` for what is not the client's mistake.
    """
    if isinstance(error, _SERVER_ERRORS) or not isinstance(error, errors.ParseException):
        return None
    return next(
        (response for kind, response in _CLIENT_ERRORS.items() if isinstance(error, kind)),
        _UNREADABLE,
    )


def error_response(status: HTTPStatus, detail: str, request_id: str) -> bytes:
    """Encode a whole response, the connection's last.

    Args:
        status: Also gives the title.
        detail: One sentence for the client's developer.
        request_id: Finds the request in the log; left out when empty.
    """
    body = problem_bytes(problem_members(status, detail, request_id=request_id))
    headers = ["Connection: close", f"Content-Type: {CONTENT_TYPE}"]
    if request_id:
        headers.append(f"{REQUEST_ID_HEADER}: {request_id}")
    headers.append(f"Content-Length: {len(body)}")
    return "\r\n".join((f"HTTP/1.1 {status} {status.phrase}", *headers, "", "")).encode() + body
