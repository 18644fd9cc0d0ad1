"""Parameters of paths, queries and headers, for the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from werkzeug.routing import IntegerConverter, Rule, UUIDConverter

_SCHEMAS: Final[dict[type, dict[str, Any]]] = {
    IntegerConverter: {"type": "integer", "minimum": 0},
    UUIDConverter: {"type": "string", "format": "uuid"},
}
_TEXT: Final = {"type": "string", "minLength": 1}


def path_parameters(rule: Rule, descriptions: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield a parameter for each variable part of a path.

    Args:
        rule: A rule of an app's URL map.
        descriptions: Description of each part, by name.

    Raises:
        KeyError: A part has no description.
    """
    for name, converter in sorted(rule._converters.items()):
        schema = _SCHEMAS.get(type(converter), _TEXT)
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": descriptions[name],
            "schema": schema,
        }


def query_parameters(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Yield the parameters of a query string."""
    return _model_parameters(model, "query")


def header_parameters(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Yield the request headers that a view reads."""
    return _model_parameters(model, "header")


def _model_parameters(model: type[BaseModel], location: str) -> Iterator[dict[str, Any]]:
    model_schema = model.model_json_schema()
    for name, schema in model_schema["properties"].items():
        description = schema.pop("description", "")
        schema.pop("title", None)
        yield {
            "name": name,
            "in": location,
            "required": name in model_schema.get("required", ()),
            **({"description": description} if description else {}),
            "schema": _without_null(schema),
        }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    # Neither a query nor a header has a null: a member that may be None in the model is an optional
    # parameter.
    options: list[dict[str, Any]] = [
        option for option in schema.get("anyOf", ()) if option != {"type": "null"}
    ]
    if len(options) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return options[0] | rest
