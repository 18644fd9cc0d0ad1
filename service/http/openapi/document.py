"""The OpenAPI document, made from the app's own URL map and what each view was described with:
nothing can be served and not be in it.

Source: OpenAPI 3.1.0, whose schemas are JSON Schema 2020-12, as pydantic writes them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from service.http.access import access_of
from service.http.openapi import extras, links, problems
from service.http.openapi.parameters import of_headers, of_path, of_query
from service.http.operation import JSON, Operation, ResponseSpec, operation_of, texts_of
from telemetry import names

REFERENCE: Final = "#/components/schemas/{model}"
BEARER: Final = "bearer"
_UNSPOKEN: Final = frozenset({"HEAD", "OPTIONS"})
_COMMON_HEADERS: Final = {
    names.REQUEST_ID_HEADER: "UUID of the request; without its dashes it is the trace id, unless the request brought a traceparent.",
    names.RESPONSE_TIME_HEADER: "Time until the response began, in milliseconds.",
    names.SERVER_TIMING_HEADER: "Where that time went (W3C Server Timing).",
    names.API_VERSION_HEADER: "Version of the API.",
}
_TEXT: Final = {"type": "string"}
# Where there is no ``itemSchema`` (OpenAPI 3.2), tools read the schema of a stream of events as
# that of each event.
_EVENT: Final = {
    "type": "object",
    "required": ["data"],
    "properties": {"event": _TEXT, "data": _TEXT},
}
_BODIES: Final = {"text/event-stream": _EVENT}
_COMMON_REFERENCES: Final = {
    name: {"$ref": f"#/components/headers/{name}"} for name in _COMMON_HEADERS
}

Described = tuple[Rule, str, Operation, Callable[..., Any]]
References = Mapping[tuple[type[Any], JsonSchemaMode], dict[str, Any]]


class Undescribed(LookupError):
    """A route that says nothing of itself."""


def described(app: Flask) -> Iterator[Described]:
    """Every rule of the app with its method and what its view was described with.

    Raises:
        Undescribed: A view has no ``@operation``.
    """
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        found = operation_of(view)
        if found is None:
            raise Undescribed(f"{rule.rule}: give {rule.endpoint} an @operation")
        for method in sorted((rule.methods or set()) - _UNSPOKEN):
            yield rule, method, found, view


def openapi(app: Flask, version: str) -> dict[str, Any]:
    """The whole document.

    Args:
        app: With all of its routes.
        version: Of the service.

    Raises:
        Undescribed: A route says nothing of itself.
    """
    operations = list(described(app))
    references, definitions = _schemas([one[2] for one in operations])
    paths: dict[str, dict[str, Any]] = {}
    used: set[int] = set()
    for rule, method, found, view in operations:
        note = extras.of(app, view, method)
        paths.setdefault(_template(rule), {})[method.lower()] = _operation(
            rule, found, view, references, note
        )
        used |= set(_problem_statuses(found, view, note))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Serene",
            "version": version,
            "summary": "The Serene wellbeing API.",
            "license": _LICENSE,
            "description": _ABOUT,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({one[2].tag for one in operations})],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": {
                problems.name_of(status): problems.response(status, _COMMON_REFERENCES)
                for status in sorted(used)
            },
            "headers": {name: problems.header(text) for name, text in _COMMON_HEADERS.items()},
            "securitySchemes": {
                BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


_LICENSE: Final = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
_ABOUT: Final = (
    "Every error is an `application/problem+json` (RFC 9457) that names its request. Where an operation asks for an account, "
    "send the access token of a login as `Authorization: Bearer …`."
)


def _template(rule: Rule) -> str:
    return "".join(
        f"{{{part}}}" if is_dynamic else part for is_dynamic, part in rule._trace
    ).removeprefix("|")


def _schemas(operations: list[Operation]) -> tuple[References, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (problems.Problem, "serialization"): None
    }
    for found in operations:
        wanted |= {
            (answer.model, "serialization"): None
            for answer in found.answers.values()
            if answer.model
        }
        wanted |= {(found.body, "validation"): None} if found.body else {}
    references, written = models_json_schema(list(wanted), ref_template=REFERENCE)
    return references, written["$defs"]


def _problem_statuses(found: Operation, view: Callable[..., Any], note: extras.Note) -> list[int]:
    return sorted({*problems.statuses(found, access_of(view)), *note.problems})


def _operation(
    rule: Rule,
    found: Operation,
    view: Callable[..., Any],
    references: References,
    note: extras.Note,
) -> dict[str, Any]:
    summary, more = texts_of(view)
    access = access_of(view)
    written: dict[str, Any] = {
        "operationId": links.operation_id(rule.endpoint),
        "tags": [found.tag],
        "summary": summary,
    }
    if more.strip():
        written["description"] = more.strip()
    if parameters := list(_parameters(rule, found)):
        written["parameters"] = parameters
    if content := _content(found, references):
        written["requestBody"] = {"required": True, "content": content}
    written["responses"] = _answers(found, view, references, note)
    if access is not None:
        # OpenAPI 3.1 lets any scheme name the roles that it takes, "which are required for the
        # execution".
        written["security"] = [{BEARER: list(access.roles)}]
    return written | dict(note.members)


def _answers(
    found: Operation, view: Callable[..., Any], references: References, note: extras.Note
) -> dict[str, Any]:
    told = {
        status: ResponseSpec(text, media_types=()) for status, text in note.answers.items()
    } | dict(found.answers)
    added = {name: problems.header(text) for name, text in note.headers.items()}
    answers = {
        str(status): _answer(answer, references, added if status < 400 else {})
        for status, answer in told.items()
    }
    for status in _problem_statuses(found, view, note):
        if str(status) in answers:
            answers[str(status)]["content"] |= problems.response(status, {})["content"]
        else:
            answers[str(status)] = {"$ref": f"#/components/responses/{problems.name_of(status)}"}
    return dict(sorted(answers.items()))


def _parameters(rule: Rule, found: Operation) -> Iterator[dict[str, Any]]:
    yield from of_path(rule, found.path)
    if found.query is not None:
        yield from of_query(found.query)
    if found.headers is not None:
        yield from of_headers(found.headers)


def _content(found: Operation, references: References) -> dict[str, Any]:
    content: dict[str, Any] = {
        kind: {"schema": dict(schema)} for kind, schema in found.stream.items()
    }
    if found.body is not None:
        content[JSON] = {"schema": references[found.body, "validation"]}
    return content


def _answer(answer: ResponseSpec, references: References, added: dict[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": answer.description,
        "headers": _COMMON_REFERENCES
        | added
        | {name: problems.header(text) for name, text in answer.headers.items()},
    }
    if answer.media_types:
        json_schema = (
            references[answer.model, "serialization"] if answer.model else {"type": "object"}
        )
        written["content"] = {
            kind: {"schema": json_schema if kind == JSON else _BODIES.get(kind, _TEXT)}
            for kind in answer.media_types
        }
    if answer.links:
        written["links"] = links.written(answer.links)
    return written
