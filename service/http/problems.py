"""Every error response, as a problem with the id of its request.

A 4xx states what the client can change; a 5xx has the request id and no internals. Routes raise;
modules below them know nothing of HTTP.

Source: RFC 9457 (``application/problem+json``); RFC 9110 for ``Allow`` and ``Retry-After``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from bson.errors import BSONError
from flask import Flask, Response, request
from pymongo.errors import PyMongoError
from werkzeug.exceptions import HTTPException, InternalServerError

import telemetry.problem as rfc9457
from service.mongo.failures import FailureLog, Kind, OperationRejected, describe, kind_of
from telemetry import current_record

INVALID_PARAMETERS: Final = "urn:serene:problem:invalid-parameters"
DATABASE_UNAVAILABLE: Final = "urn:serene:problem:database-unavailable"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid value of a request.

    Args:
        field: Name of the parameter or member.
        reason: What is allowed.
    """

    field: str
    reason: str


class InvalidParameters(Exception):
    """A request with invalid parameters or members.

    Args:
        errors: All of them.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(", ".join(error.field for error in errors))
        self.errors = tuple(errors)


def problem(
    status: int, detail: str, *, type: str = rfc9457.ABOUT_BLANK, title: str = "", **members: Any
) -> Response:
    """Return a problem as the response to the current request.

    Args:
        status: HTTP status code.
        detail: One sentence for the client's developer.
        type: URI of the kind of problem; ``about:blank`` when the status describes it completely.
        title: Name of the kind of problem; the status's own phrase by default.
        members: Extension members, after those of the RFC.
    """
    body = problem_members(status, detail, path=request.path, type=type, title=title) | members
    return Response(rfc9457.problem_bytes(body), status, mimetype=rfc9457.CONTENT_TYPE)


def problem_members(
    status: int, detail: str, *, path: str, type: str = rfc9457.ABOUT_BLANK, title: str = ""
) -> dict[str, Any]:
    """Build the members of a problem that is not a response of its own, such as one in a stream.

    Args:
        status: HTTP status code.
        detail: One sentence for the client's developer.
        path: Path of the request.
        type: URI of the kind of problem.
        title: Name of the kind of problem; the status's own phrase by default.
    """
    record = current_record()
    return rfc9457.problem_members(
        status,
        detail,
        type=type,
        title=title,
        instance=quote(path),
        request_id=record.request_id if record else "",
    )


def install(app: Flask, on_database_failure: Callable[[Kind], object] = lambda kind: None) -> None:
    """Make every error of the app a problem.

    Args:
        app: It stops propagating exceptions, in tests too.
        on_database_failure: Called with the kind of each error of MongoDB.
    """
    failures = FailureLog()

    def database_failed(error: Exception) -> Response:
        kind = kind_of(error)
        on_database_failure(kind)
        failures.record(kind, error)
        if kind.status != HTTPStatus.SERVICE_UNAVAILABLE:
            # Flask logs it and responds with 500; the words of the server may quote a document.
            raise OperationRejected(describe(kind, error)).with_traceback(
                error.__traceback__
            ) from None
        return _database_unavailable(error, kind)

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InternalServerError, _internal_error)
    app.register_error_handler(InvalidParameters, _invalid_parameters)
    app.register_error_handler(PyMongoError, database_failed)
    app.register_error_handler(BSONError, database_failed)


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


def _database_unavailable(error: Exception, kind: Kind) -> Response:
    record = current_record()
    if record is not None:
        # Flask handled the exception, so nothing else records why this request failed.
        record.error_type = type(error).__name__
    response = problem(
        503,
        "The database cannot be used at the moment; send the request again.",
        type=DATABASE_UNAVAILABLE,
        title="Database Unavailable",
    )
    return _with_headers(response, {"Retry-After": str(kind.retry_after_seconds)})


def _with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    for name, value in headers.items():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response
