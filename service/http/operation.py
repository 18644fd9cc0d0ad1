"""The ``@operation`` decorator: validates requests and describes a view for the OpenAPI document.

It reads query, headers and body into models and passes them to the view by name. Summary and
description in the document are the view's docstring. ``@protected`` and decorators that count calls
go above it.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Final, Literal

from flask import request
from pydantic import BaseModel
from werkzeug.exceptions import NotAcceptable

from service.http.accepts import best_type
from service.http.conditions import WriteConditions, refuse_conditions_on_versions
from service.http.openapi.links import Link
from service.http.validation import read_body, read_headers, read_query
from telemetry import ViewOption

View = Callable[..., Any]

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """One successful response of an operation.

    Args:
        description: One sentence.
        model: Model of a JSON body; ``None`` for another body or none.
        media_types: Media types of the body; empty when there is no body.
        headers: Description of each further header, by name.
        links: Operations that can follow.
    """

    description: str
    model: type[BaseModel] | None = None
    media_types: tuple[str, ...] = (JSON,)
    headers: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """Parameters, body and responses of one operation.

    Args:
        tag: Group of the operation in the document.
        responses: Successful responses by status.
        query: Model of the query string.
        body: Model of the JSON body.
        problems: Statuses of problems, in addition to those that follow from the other arguments.
        path: Description of each variable part of the path, by name.
        headers: Model of the request headers that the view reads; a field's alias is the header's
            name, every value is text.
        stream: JSON Schema of each media type of a body that the view reads itself.
        any_accept: The view answers whatever ``Accept`` is.
    """

    tag: str
    responses: Mapping[int, ResponseSpec]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    problems: frozenset[int] = frozenset()
    path: Mapping[str, str] = field(default_factory=dict)
    headers: type[BaseModel] | None = None
    stream: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    any_accept: bool = False

    @property
    def negotiated(self) -> tuple[str, ...]:
        """Media types of which ``Accept`` must allow one; empty when it does not count."""
        types = [one for spec in self.responses.values() for one in spec.media_types]
        return () if self.any_accept else tuple(dict.fromkeys(types))


OPERATION: Final = ViewOption[Operation]("operation")
_ANY_ACCEPT: Final = ViewOption[Literal[True]]("any_accept")


def any_accept(view: View) -> View:
    """Answer whatever ``Accept`` is, where a 406 would be worse; goes below ``@operation``."""
    return _ANY_ACCEPT.set(True)(view)


def operation(
    tag: str,
    responses: Mapping[int, ResponseSpec],
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    problems: tuple[int, ...] = (),
    path: Mapping[str, str] | None = None,
    headers: type[BaseModel] | None = None,
    stream: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[View], View]:
    """Return a decorator that describes a view and validates its requests.

    The view receives the models as ``query=``, ``headers=`` and ``body=``.

    Args:
        tag: See ``Operation``.
        responses: See ``Operation``.
        query: See ``Operation``.
        body: See ``Operation``.
        problems: See ``Operation``.
        path: See ``Operation``.
        headers: See ``Operation``.
        stream: See ``Operation``.
    """
    described = Operation(
        tag, responses, query, body, frozenset(problems), path or {}, headers, stream or {}
    )

    def decorate(view: View) -> View:
        of_view = replace(described, any_accept=_ANY_ACCEPT.get(view) is not None)
        return OPERATION.set(of_view)(_validated(view, of_view))

    return decorate


def _validated(view: View, described: Operation) -> View:
    query, headers, body = described.query, described.headers, described.body
    media_types = described.negotiated
    takes_conditions = headers is not None and issubclass(headers, WriteConditions)

    @wraps(view)
    def validated(**arguments: Any) -> Any:
        if media_types:
            _require_acceptable(media_types)
        if query is not None:
            arguments["query"] = read_query(query)
        if headers is not None:
            arguments["headers"] = read_headers(headers)
        if body is not None:
            arguments["body"] = read_body(body)
        if not takes_conditions:
            refuse_conditions_on_versions()
        return view(**arguments)

    return validated


def _require_acceptable(media_types: tuple[str, ...]) -> None:
    accept = request.environ.get("HTTP_ACCEPT")
    if accept and best_type(accept, media_types) is None:
        raise NotAcceptable(f"This is available as {' or '.join(media_types)}.")


def is_streamed(view: View) -> bool:
    """Return whether a response of the view goes on after the view has returned."""
    described = OPERATION.get(view)
    return described is not None and any(
        EVENT_STREAM in spec.media_types for spec in described.responses.values()
    )


def texts_of(view: Callable[..., Any]) -> tuple[str, str]:
    """Return the summary and the description of a view.

    The summary is the first paragraph of the docstring, in one line and without its period; the
    description is the rest.
    """
    summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
    return " ".join(summary.split()).removesuffix("."), description.strip()
