"""The decorator that makes a function an operation of the API.

It reads the request into the models, hands them to the function by name and keeps what it was told
for the OpenAPI document, which has the summary and the description from the function's docstring.
``@protected`` and what counts calls go above it.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

from pydantic import BaseModel

from service.http.openapi.links import Link
from service.http.validation import read_body, read_headers, read_query

View = Callable[..., Any]

JSON: Final = "application/json"
_ATTRIBUTE: Final = "__operation__"


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """One way in which an operation ends well.

    Args:
        description: One sentence.
        model: Of the body when it is JSON; ``None`` when there is none of that kind.
        media_types: Of the body; none when there is no body.
        headers: What each further header says, by name.
        links: Requests that can follow.
    """

    description: str
    model: type[BaseModel] | None = None
    media_types: tuple[str, ...] = (JSON,)
    headers: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation takes and answers.

    Args:
        tag: The group it is shown in.
        answers: By status.
        query: Model of the query string.
        body: Model of the JSON body.
        problems: Statuses of the problems that it answers beside those that follow from the rest.
        path: What each variable part of the path is, by name.
        headers: Model of the request's headers that count; a field's alias is the header's name,
            every value is text.
        stream: A body that the view reads itself: the JSON Schema of each media type.
    """

    tag: str
    answers: Mapping[int, ResponseSpec]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    problems: frozenset[int] = frozenset()
    path: Mapping[str, str] = field(default_factory=dict)
    headers: type[BaseModel] | None = None
    stream: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def operation(
    tag: str,
    answers: Mapping[int, ResponseSpec],
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    problems: tuple[int, ...] = (),
    path: Mapping[str, str] | None = None,
    headers: type[BaseModel] | None = None,
    stream: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[View], View]:
    """Describe a view, and check what it is called with. The view gets the models as ``query=``,
    ``headers=`` and ``body=``.

    Args:
        tag: See ``Operation``, as all the others.
    """
    described = Operation(
        tag, answers, query, body, frozenset(problems), path or {}, headers, stream or {}
    )

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(**arguments: Any) -> Any:
            if query is not None:
                arguments["query"] = read_query(query)
            if headers is not None:
                arguments["headers"] = read_headers(headers)
            if body is not None:
                arguments["body"] = read_body(body)
            return view(**arguments)

        setattr(checked, _ATTRIBUTE, described)
        return checked

    return decorate


def operation_of(view: View) -> Operation | None:
    """What the view, however it is wrapped, was described as."""
    found: Operation | None = getattr(view, _ATTRIBUTE, None)
    return found


def texts_of(view: Callable[..., Any]) -> tuple[str, str]:
    """Return the summary and the description of a view: its docstring's first paragraph, in one
    line, and the rest.
    """
    summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
    return " ".join(summary.split()), description.strip()
