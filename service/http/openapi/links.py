"""Links of responses: the operations that can follow, with parameters from the response.

A link to an endpoint that the app does not have is left out of the document, so a room can link to
another one that may have been removed.

Source: OpenAPI 3.1.0, Link Object and runtime expressions.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """An operation that can follow a response.

    Args:
        endpoint: Flask endpoint of the operation.
        parameters: Runtime expressions such as ``$response.body#/id``, by the parameter's name.
        body: Runtime expressions by member, for a request body in whole or in part.
    """

    endpoint: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


def links_to(parameters: Mapping[str, str], *endpoints: str) -> tuple[Link, ...]:
    """Return links to several operations with the same parameters."""
    return tuple(Link(endpoint, parameters) for endpoint in endpoints)


def operation_id(endpoint: str) -> str:
    """Return the document's ``operationId`` of a Flask endpoint."""
    return endpoint.replace(".", "_")


def link_objects(links: Iterable[Link], endpoints: Container[str]) -> dict[str, Any]:
    """Return the Link Objects of a response, by name.

    Args:
        links: Links of the response.
        endpoints: Endpoints of the app; links to others are left out.
    """
    return {
        operation_id(link.endpoint): {
            "operationId": operation_id(link.endpoint),
            **({"parameters": dict(link.parameters)} if link.parameters else {}),
            **({"requestBody": dict(link.body)} if link.body else {}),
        }
        for link in links
        if link.endpoint in endpoints
    }
