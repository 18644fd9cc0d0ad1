"""The problems that operations answer, for the OpenAPI document: one model, and one reusable
response a status.

Source: RFC 9457; RFC 9110 for the headers that go with a status.
"""

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field

from service.http.access import Access
from service.http.operation import Operation

PROBLEM_JSON: Final = "application/problem+json"

_ALWAYS: Final = frozenset({500, 503})
_WITH_BODY: Final = frozenset({400, 413, 415, 422})
_HEADERS: Final = {
    401: {"WWW-Authenticate": "How to authenticate."},
    429: {
        "Retry-After": "Seconds to wait before the next attempt.",
        "RateLimit-Limit": "Requests that are allowed within the window.",
        "RateLimit-Remaining": "Requests that are left of it.",
        "RateLimit-Reset": "Seconds until the next request passes.",
        "RateLimit-Policy": "The group that the route is counted in, its limit and its window in seconds.",
    },
    503: {"Retry-After": "Seconds after which to send the request again."},
}
_DESCRIPTIONS: Final = {
    400: "The request cannot be read.",
    401: "There is no valid access token, or the credentials are wrong.",
    403: "The account may not do this.",
    404: "There is no such thing.",
    402: "The payment was declined.",
    409: "It is in conflict with what is there.",
    413: "The body is larger than is allowed.",
    412: "A condition of the request does not hold.",
    414: "The URL is longer than is read.",
    415: "The body is of a type that is not taken.",
    416: "The file does not have that range.",
    422: "Some values cannot be used; `errors` says which and why.",
    429: "Too many requests or attempts.",
    500: "Something went wrong on our side; the request id finds what it was.",
    502: "A service behind this one failed.",
    503: "Not at the moment; send the request again.",
    504: "A service behind this one did not answer in time.",
}


class FieldProblem(BaseModel):
    """One value that cannot be used."""

    field: str = Field(description="Name of the parameter, or path of the member with dots.")
    reason: str = Field(description="What is allowed.")


class Problem(BaseModel):
    """What went wrong, for people and for programs (RFC 9457)."""

    type: str = Field(
        description="URI of the kind of problem; `about:blank` when the status says it all."
    )
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="HTTP status code.")
    detail: str = Field(description="One sentence on this occurrence.")
    instance: str = Field(default="", description="Path of the request.")
    request_id: str = Field(description="Finds the request in traces and logs.")
    errors: list[FieldProblem] = Field(
        default=[], description="Values that cannot be used; with 422 only."
    )


def statuses(described: Operation, access: Access | None) -> list[int]:
    """Every status that an operation answers with a problem."""
    found = _ALWAYS | described.problems
    if described.body is not None:
        found |= _WITH_BODY
    if described.stream:
        found |= {413, 415}
    if described.query is not None:
        found |= {414}
    if described.query is not None or described.headers is not None:
        found |= {422}
    if access is not None:
        found |= {401, 403} if access.roles else {401}
    return sorted(found)


def name_of(status: int) -> str:
    """Name of the reusable response of a status."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def response(status: int, common_headers: dict[str, Any]) -> dict[str, Any]:
    """The reusable response of a status."""
    own = {name: header(text) for name, text in _HEADERS.get(status, {}).items()}
    return {
        "description": _DESCRIPTIONS.get(status, HTTPStatus(status).phrase),
        "headers": common_headers | own,
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def header(description: str) -> dict[str, Any]:
    """A header that holds text."""
    return {"description": description, "schema": {"type": "string"}}
