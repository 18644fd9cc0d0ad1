"""Where an answer leads: what of it the next request is made with.

Source: OpenAPI 3.1.0, Link Object and runtime expressions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """A request that can follow an answer.

    Args:
        endpoint: Of the operation, as in ``url_for``.
        parameters: Runtime expressions such as ``$response.body#/id``, by the parameter's name.
        body: Of the request's body, whole or in part; expressions by member.
    """

    endpoint: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


def links_to(parameters: Mapping[str, str], *endpoints: str) -> tuple[Link, ...]:
    """Several requests that are all made with the same."""
    return tuple(Link(endpoint, parameters) for endpoint in endpoints)


def operation_id(endpoint: str) -> str:
    """How the document calls an operation."""
    return endpoint.replace(".", "_")


def written(links: Iterable[Link]) -> dict[str, Any]:
    """The links of an answer as the document has them, by name."""
    return {
        operation_id(link.endpoint): {
            "operationId": operation_id(link.endpoint),
            **({"parameters": dict(link.parameters)} if link.parameters else {}),
            **({"requestBody": dict(link.body)} if link.body else {}),
        }
        for link in links
    }
