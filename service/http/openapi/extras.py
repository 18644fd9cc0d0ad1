"""What middlewares add to operations of the OpenAPI document.

A middleware that adds a header registers a contributor, and does so only while it is switched on.
The document and the middlewares know nothing else of each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Flask

_EXTENSION: Final = "serene.openapi_extras"


@dataclass(frozen=True, slots=True)
class OpenApiExtra:
    """Additions to one operation.

    Args:
        headers: Description of each header of its successful responses, by name.
        responses: Description of each further response without a body, by status; these have the
            same headers.
        problems: Statuses of further problems.
        members: Further members of the operation object.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    responses: Mapping[int, str] = field(default_factory=dict)
    problems: frozenset[int] = frozenset()
    members: Mapping[str, Any] = field(default_factory=dict)


Contributor = Callable[[Callable[..., Any], str], OpenApiExtra | None]
"""Returns the additions to a view that is called with a method."""


def contribute(app: Flask, contributor: Contributor) -> None:
    """Call a contributor for every operation of an app's document."""
    app.extensions.setdefault(_EXTENSION, []).append(contributor)


def extra_of(app: Flask, view: Callable[..., Any], method: str) -> OpenApiExtra:
    """Merge the additions of all contributors to a view that is called with a method."""
    found = [
        extra
        for contributor in app.extensions.get(_EXTENSION, ())
        if (extra := contributor(view, method))
    ]
    return OpenApiExtra(
        headers={name: text for extra in found for name, text in extra.headers.items()},
        responses={status: text for extra in found for status, text in extra.responses.items()},
        problems=frozenset().union(*(extra.problems for extra in found)),
        members={name: value for extra in found for name, value in extra.members.items()},
    )
