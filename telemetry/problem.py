"""Problem details, the JSON body of every HTTP error: its members and its bytes.

The only place that knows the format. It knows no web framework, so the WSGI layer, gunicorn's
worker, the management port and a service all build their errors here.

Source: RFC 9457 (``application/problem+json``).
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

CONTENT_TYPE: Final = "application/problem+json"
ABOUT_BLANK: Final = "about:blank"
"""Type of a problem that has no more meaning than its status."""


def problem_members(
    status: int,
    detail: str,
    *,
    type: str = ABOUT_BLANK,
    title: str = "",
    instance: str = "",
    request_id: str = "",
) -> dict[str, Any]:
    """Build the members of a problem, in the order of the RFC.

    Args:
        status: HTTP status code.
        detail: One sentence for the client's developer.
        type: URI of the kind of problem; ``about:blank`` when the status is all there is to know.
        title: The kind of problem in words; the status's own phrase by default.
        instance: URI reference of this occurrence, such as the request's path; left out when empty.
        request_id: Extension member that finds the request in logs and traces; left out when empty.

    Returns:
        A new dictionary, to which a caller may add extension members.
    """
    members: dict[str, Any] = {
        "type": type,
        "title": title or HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if instance:
        members["instance"] = instance
    if request_id:
        members["request_id"] = request_id
    return members


def problem_bytes(members: Mapping[str, Any]) -> bytes:
    """Encode the members as a response body."""
    return json.dumps(members).encode()
