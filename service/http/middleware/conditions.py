"""Conditions of reads: 304 for a copy that is current, 412 for a version that is not there.

Every 200 with an ``ETag`` or a ``Last-Modified`` is compared, also where no cache
may store it. A representation that can be read in ranges compares by itself (``files.content``).

Source: RFC 9110, sections 13.2.2 and 15.4.5.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request

from service.http.conditions import SAFE_METHODS, add_validators, validators_of
from service.http.openapi import extras
from service.http.operation import OPERATION, Operation
from service.http.preconditions import FIELDS, Preconditions, Validators
from service.http.problems import problem

PRECONDITION_FAILED: Final = "The resource is not the version that the request names."
NOT_MODIFIED: Final = {
    304: "Not modified since the response whose ETag `If-None-Match` has.",
}
"""Description of the status, for the OpenAPI document."""

_READS: Final = ("GET", "HEAD")


def install(app: Flask) -> None:
    """Compare every response of an app with the conditions of its request."""
    extras.contribute(app, _openapi_extra)
    app.after_request(_compare)


def not_modified(response: Response) -> Response:
    """Turn a response into a 304, without its body and what describes the body."""
    response.close()
    response.direct_passthrough = False
    response.response = []
    response.status_code = 304
    for name in ("Content-Type", "Content-Length", "Content-Disposition", "Accept-Ranges"):
        response.headers.pop(name, None)
    return response


def version_is_gone() -> Response:
    """Return the problem of a read whose ``If-Match`` or ``If-Unmodified-Since`` fails."""
    return problem(412, PRECONDITION_FAILED)


def _compare(response: Response) -> Response:
    environ = request.environ
    if response.status_code != 200 or request.method not in _READS:
        return response
    if not any(name in environ for name in FIELDS):
        return response
    current = validators_of(response)
    if current is None:
        return response
    conditions = Preconditions.of(environ)
    outcome = conditions.outcome(current, is_read=True)
    if outcome == "not_modified":
        return not_modified(add_validators(response, Validators(conditions.tag_of_copy(current))))
    if outcome == "failed":
        response.close()
        return version_is_gone()
    return response


def _openapi_extra(view: Callable[..., Any], method: str) -> extras.OpenApiExtra | None:
    if method not in SAFE_METHODS:
        return extras.OpenApiExtra(problems=frozenset({412}))
    described = OPERATION.get(view)
    if method != "GET" or described is None or not _has_tag(described):
        return None
    return extras.OpenApiExtra(responses=NOT_MODIFIED, problems=frozenset({412}))


def _has_tag(described: Operation) -> bool:
    return 200 in described.responses and "ETag" in described.responses[200].headers
