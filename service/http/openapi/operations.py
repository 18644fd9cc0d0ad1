"""Operation Objects of the OpenAPI document, from the ``@operation`` of a view.

Source: OpenAPI 3.1.0, Operation Object.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic.json_schema import JsonSchemaMode
from werkzeug.routing import Rule

from service.http.access import ACCESS
from service.http.openapi import problems
from service.http.openapi.extras import OpenApiExtra
from service.http.openapi.links import link_objects, operation_id
from service.http.openapi.parameters import header_parameters, path_parameters, query_parameters
from service.http.operation import JSON, Operation, ResponseSpec, texts_of
from telemetry import names

BEARER: Final = "bearer"
COMMON_HEADERS: Final = {
    names.REQUEST_ID_HEADER: (
        "UUID of the request; without its dashes it is the trace id, unless the request had a "
        "traceparent."
    ),
    names.RESPONSE_TIME_HEADER: "Time until the response began, in milliseconds.",
    names.SERVER_TIMING_HEADER: "Parts of that time (W3C Server Timing).",
    names.API_VERSION_HEADER: "Version of the API.",
}
COMMON_REFERENCES: Final = {
    name: {"$ref": f"#/components/headers/{name}"} for name in COMMON_HEADERS
}
_TEXT: Final = {"type": "string"}
# Without ``itemSchema`` (OpenAPI 3.2), tools read the schema of an event stream as that of each
# event.
_EVENT: Final = {
    "type": "object",
    "required": ["data"],
    "properties": {"event": _TEXT, "data": _TEXT},
}
_BODY_SCHEMAS: Final = {"text/event-stream": _EVENT}

References = Mapping[tuple[type[Any], JsonSchemaMode], dict[str, Any]]
"""Reference to each model's schema, by model and direction."""


@dataclass(frozen=True, slots=True)
class DescribedRoute:
    """One method of one rule.

    Args:
        operation: From the view's ``@operation``.
        extra: Additions of the middlewares.
    """

    rule: Rule
    method: str
    operation: Operation
    view: Callable[..., Any]
    extra: OpenApiExtra


def problem_statuses(route: DescribedRoute) -> list[int]:
    """Return every status that the route answers with a problem."""
    return sorted(
        {
            *problems.statuses(route.operation, ACCESS.get(route.view)),
            *route.extra.problems,
        }
    )


def operation_object(
    route: DescribedRoute, references: References, endpoints: Container[str]
) -> dict[str, Any]:
    """Build the Operation Object of a route.

    Args:
        route: The route.
        references: References to the schemas of all models.
        endpoints: Endpoints of the app; links to others are left out.
    """
    summary, description = texts_of(route.view)
    access = ACCESS.get(route.view)
    written: dict[str, Any] = {
        "operationId": operation_id(route.rule.endpoint),
        "tags": [route.operation.tag],
        "summary": summary,
    }
    if description:
        written["description"] = description
    if parameters := list(_parameters(route)):
        written["parameters"] = parameters
    if content := _request_content(route.operation, references):
        written["requestBody"] = {"required": True, "content": content}
    written["responses"] = _responses(route, references, endpoints)
    if access is not None:
        # OpenAPI 3.1 lets any scheme name the roles that it takes, "which are required for the
        # execution".
        written["security"] = [{BEARER: list(access.roles)}]
    return written | dict(route.extra.members)


def _parameters(route: DescribedRoute) -> Iterator[dict[str, Any]]:
    yield from path_parameters(route.rule, route.operation.path)
    if route.operation.query is not None:
        yield from query_parameters(route.operation.query)
    if route.operation.headers is not None:
        yield from header_parameters(route.operation.headers)


def _request_content(found: Operation, references: References) -> dict[str, Any]:
    content: dict[str, Any] = {
        media_type: {"schema": dict(schema)} for media_type, schema in found.stream.items()
    }
    if found.body is not None:
        content[JSON] = {"schema": references[found.body, "validation"]}
    return content


def _responses(
    route: DescribedRoute, references: References, endpoints: Container[str]
) -> dict[str, Any]:
    specs = {
        status: ResponseSpec(text, media_types=()) for status, text in route.extra.responses.items()
    } | dict(route.operation.responses)
    added = {name: problems.header(text) for name, text in route.extra.headers.items()}
    responses: dict[str, Any] = {}
    for status, spec in specs.items():
        written = _response(spec, references, added if status < 400 else {})
        if links := link_objects(spec.links, endpoints):
            written["links"] = links
        responses[str(status)] = written
    for status in problem_statuses(route):
        if str(status) in responses:
            responses[str(status)]["content"] |= problems.response(status, {})["content"]
        else:
            name = problems.name_of(status)
            responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(responses.items()))


def _response(
    spec: ResponseSpec, references: References, added_headers: dict[str, Any]
) -> dict[str, Any]:
    own_headers = {name: problems.header(text) for name, text in spec.headers.items()}
    written: dict[str, Any] = {
        "description": spec.description,
        "headers": COMMON_REFERENCES | added_headers | own_headers,
    }
    if spec.media_types:
        json_schema = references[spec.model, "serialization"] if spec.model else {"type": "object"}
        written["content"] = {
            media_type: {
                "schema": json_schema
                if media_type == JSON
                else _BODY_SCHEMAS.get(media_type, _TEXT)
            }
            for media_type in spec.media_types
        }
    return written
