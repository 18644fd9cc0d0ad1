"""The OpenAPI document, built from the app's URL map and the ``@operation`` of each view.

A route without ``@operation`` is an error, so the document is complete.

Source: OpenAPI 3.1.0, whose schemas are JSON Schema 2020-12, as pydantic writes them.
"""

from collections.abc import Iterator
from typing import Any, Final

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from service.http.openapi import problems
from service.http.openapi.extras import extra_of
from service.http.openapi.operations import (
    BEARER,
    COMMON_HEADERS,
    COMMON_REFERENCES,
    DescribedRoute,
    References,
    operation_object,
    problem_statuses,
)
from service.http.openapi.patterns import with_portable_patterns
from service.http.operation import OPERATION, Operation

SCHEMA_REFERENCE: Final = "#/components/schemas/{model}"
_IMPLIED_METHODS: Final = frozenset({"HEAD", "OPTIONS"})
_LICENSE: Final = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
_DESCRIPTION: Final = (
    "Every error is an `application/problem+json` (RFC 9457) with the id of its request. Where an "
    "operation needs an account, send the access token of a login as `Authorization: Bearer …`."
)


class UndescribedRoute(LookupError):
    """A view has no ``@operation``."""


def openapi(app: Flask, version: str) -> dict[str, Any]:
    """Build the document.

    Args:
        app: The app with all of its routes.
        version: Version of the service.

    Raises:
        UndescribedRoute: A view has no ``@operation``.
    """
    routes = list(_routes(app))
    references, definitions = _schemas([route.operation for route in routes])
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        described = operation_object(route, references, app.view_functions)
        paths.setdefault(_path_template(route.rule), {})[route.method.lower()] = described
    statuses = {status for route in routes for status in problem_statuses(route)}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Serene",
            "version": version,
            "summary": "The Serene wellbeing API.",
            "license": _LICENSE,
            "description": _DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({route.operation.tag for route in routes})],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": {
                problems.name_of(status): problems.response(status, COMMON_REFERENCES)
                for status in sorted(statuses)
            },
            "headers": {name: problems.header(text) for name, text in COMMON_HEADERS.items()},
            "securitySchemes": {
                BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }
    written: dict[str, Any] = with_portable_patterns(document)
    return written


def _routes(app: Flask) -> Iterator[DescribedRoute]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        found = OPERATION.get(view)
        if found is None:
            raise UndescribedRoute(f"{rule.rule}: give {rule.endpoint} an @operation")
        for method in sorted((rule.methods or set()) - _IMPLIED_METHODS):
            yield DescribedRoute(rule, method, found, view, extra_of(app, view, method))


def _path_template(rule: Rule) -> str:
    return "".join(
        f"{{{part}}}" if is_dynamic else part for is_dynamic, part in rule._trace
    ).removeprefix("|")


def _schemas(operations: list[Operation]) -> tuple[References, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (problems.Problem, "serialization"): None
    }
    for found in operations:
        wanted |= {
            (response.model, "serialization"): None
            for response in found.responses.values()
            if response.model
        }
        wanted |= {(found.body, "validation"): None} if found.body else {}
    references, written = models_json_schema(list(wanted), ref_template=SCHEMA_REFERENCE)
    return references, written["$defs"]
