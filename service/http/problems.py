"""Every answer that is not a success, as a problem that names its request.

A client's mistake says what to change; our own mistake says the request id and nothing else. Routes
raise, and nothing below a route knows HTTP.

Source: RFC 9457 (``application/problem+json``); RFC 9110 for ``Allow`` and ``Retry-After``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, Response, json, request
from pymongo.errors import ConnectionFailure
from werkzeug.exceptions import HTTPException, InternalServerError

from telemetry import current_record

NO_MORE_TO_SAY: Final = "about:blank"
INVALID_PARAMETERS: Final = "urn:serene:problem:invalid-parameters"
DATABASE_UNAVAILABLE: Final = "urn:serene:problem:database-unavailable"

RETRY_AFTER_SECONDS: Final = 5
"""How long a client should wait for the database: the look that notices its return comes about so
often.
"""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One value of a request that cannot be used.

    Args:
        field: Name of the parameter or member.
        reason: What is allowed.
    """

    field: str
    reason: str


class InvalidParameters(Exception):
    """A request whose parameters cannot be used.

    Args:
        errors: Each one that failed.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(", ".join(error.field for error in errors))
        self.errors = tuple(errors)


def problem(
    status: int, detail: str, *, type: str = NO_MORE_TO_SAY, title: str = "", **members: Any
) -> Response:
    """A problem as a response.

    Args:
        status: HTTP status code.
        detail: One sentence for the client's developer.
        type: URI of the kind of problem; ``about:blank`` when the status says it all.
        title: The kind of problem in words; the status's own phrase by default.
        members: More members, after those of the RFC.
    """
    body = problem_members(status, detail, path=request.path, type=type, title=title) | members
    return Response(json.dumps(body), status, mimetype="application/problem+json")


def problem_members(
    status: int, detail: str, *, path: str, type: str = NO_MORE_TO_SAY, title: str = ""
) -> dict[str, Any]:
    """The members of a problem, for where it cannot be the response.

    Args:
        status: See ``problem``, as most others.
        path: Of the request.
    """
    record = current_record()
    return {
        "type": type,
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": quote(path),
        **({"request_id": record.request_id} if record else {}),
    }


def install(app: Flask) -> None:
    """Make every error of the app a problem.

    Args:
        app: Its exceptions are not propagated, also in tests.
    """
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InternalServerError, _internal_error)
    app.register_error_handler(InvalidParameters, _invalid_parameters)
    app.register_error_handler(ConnectionFailure, _database_unavailable)


def _http_error(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return _with_headers(
        problem(status, error.description or HTTPStatus(status).description),
        dict(error.get_headers()),
    )


def _internal_error(_: InternalServerError) -> Response:
    return problem(500, "Something went wrong on our side. The request id finds what it was.")


def _invalid_parameters(error: InvalidParameters) -> Response:
    return problem(
        422,
        "Some parameters cannot be used.",
        type=INVALID_PARAMETERS,
        title="Invalid Parameters",
        errors=[asdict(failed) for failed in error.errors],
    )


def _database_unavailable(error: ConnectionFailure) -> Response:
    record = current_record()
    if record is not None:
        # Flask took the exception for handled, so nobody else will tell why this request failed.
        record.error_type = type(error).__name__
    response = problem(
        503,
        "The database cannot be reached at the moment; send the request again.",
        type=DATABASE_UNAVAILABLE,
        title="Database Unavailable",
    )
    return _with_headers(response, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    for name, value in headers.items():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response
