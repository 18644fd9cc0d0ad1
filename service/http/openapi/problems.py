"""Problems in the OpenAPI document: one model, and one reusable response for each status.

Source: RFC 9457; RFC 9110 for the headers that go with a status.
"""

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field

from service.http.access import Access
from service.http.operation import Operation
from telemetry.problem import CONTENT_TYPE

_ALWAYS: Final = frozenset({400, 417, 500, 503})
_WITH_BODY: Final = frozenset({400, 408, 413, 415, 422})
_HEADERS: Final = {
    401: {"WWW-Authenticate": "How to authenticate."},
    429: {
        "Retry-After": "Seconds to wait before the next attempt.",
        "RateLimit-Limit": "Maximum number of requests within the window.",
        "RateLimit-Remaining": "Remaining requests.",
        "RateLimit-Reset": "Seconds until the next request is accepted.",
        "RateLimit-Policy": "Group of the route, its limit and its window in seconds.",
    },
    503: {"Retry-After": "Seconds to wait before the request is sent again."},
}
_DESCRIPTIONS: Final = {
    400: "The request is malformed.",
    401: "There is no valid access token, or the credentials are wrong.",
    403: "The account is not allowed to do this.",
    404: "The resource does not exist.",
    402: "The payment was declined.",
    406: "None of the media types is one that `Accept` allows.",
    408: "The body did not come in time.",
    409: "The request conflicts with the state of the resource.",
    413: "The body is larger than the route accepts.",
    412: "A precondition of the request failed.",
    414: "The URL is too long.",
    415: "The route does not accept the media type of the body.",
    416: "The file does not have that range.",
    417: "The request expects (`Expect`) what the server does not do.",
    422: "Some values are invalid; `errors` lists them with what is allowed.",
    429: "Too many requests or attempts.",
    500: "The server failed; the request id identifies the failure in its logs.",
    502: "A service behind this one failed.",
    503: "Temporarily unavailable; send the request again.",
    504: "A service behind this one did not answer in time.",
}


class FieldProblem(BaseModel):
    """One invalid value."""

    field: str = Field(description="Name of the parameter, or dotted path of the member.")
    reason: str = Field(description="What is allowed.")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(
        description="URI of the kind of problem; `about:blank` for the status's own meaning."
    )
    title: str = Field(description="Name of the kind of problem.")
    status: int = Field(description="HTTP status code.")
    detail: str = Field(description="One sentence about this occurrence.")
    instance: str = Field(default="", description="Path of the request.")
    request_id: str = Field(description="Id of the request in traces and logs.")
    errors: list[FieldProblem] = Field(default=[], description="Invalid values; with 422 only.")


def statuses(described: Operation, access: Access | None) -> list[int]:
    """Return every status that an operation answers with a problem."""
    found = _ALWAYS | described.problems
    if described.body is not None:
        found |= _WITH_BODY
    if described.stream:
        found |= {408, 413, 415}
    if described.query is not None:
        found |= {414}
    if described.query is not None or described.headers is not None:
        found |= {422}
    if described.negotiated:
        found |= {406}
    if access is not None:
        found |= {401, 403} if access.roles else {401}
    return sorted(found)


def name_of(status: int) -> str:
    """Return the name of a status's reusable response."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def response(status: int, common_headers: dict[str, Any]) -> dict[str, Any]:
    """Return the reusable response of a status."""
    own = {name: header(text) for name, text in _HEADERS.get(status, {}).items()}
    return {
        "description": _DESCRIPTIONS.get(status, HTTPStatus(status).phrase),
        "headers": common_headers | own,
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def header(description: str) -> dict[str, Any]:
    """Return the Header Object of a header that holds text."""
    return {"description": description, "schema": {"type": "string"}}
