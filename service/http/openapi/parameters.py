"""Parameters of paths and queries, for the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from werkzeug.routing import IntegerConverter, Rule, UUIDConverter

_KINDS: Final[dict[type, dict[str, Any]]] = {
    IntegerConverter: {"type": "integer", "minimum": 0},
    UUIDConverter: {"type": "string", "format": "uuid"},
}
_TEXT: Final = {"type": "string", "minLength": 1}


def of_path(rule: Rule, about: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The variable parts of a path.

    Args:
        rule: Bound to its app.
        about: What each part is, by name.

    Raises:
        KeyError: Nothing is said of a part.
    """
    for name, converter in sorted(rule._converters.items()):
        schema = _KINDS.get(type(converter), _TEXT)
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": about[name],
            "schema": schema,
        }


def of_query(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """The parameters of a query string."""
    return _of_model(model, "query")


def of_headers(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """The headers that count."""
    return _of_model(model, "header")


def _of_model(model: type[BaseModel], where: str) -> Iterator[dict[str, Any]]:
    written = model.model_json_schema()
    for name, schema in written["properties"].items():
        description = schema.pop("description", "")
        schema.pop("title", None)
        yield {
            "name": name,
            "in": where,
            "required": name in written.get("required", ()),
            **({"description": description} if description else {}),
            "schema": _without_null(schema),
        }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    # Neither a query nor a header has a null: what may be None in the model is what may be left
    # out.
    options: list[dict[str, Any]] = [
        option for option in schema.get("anyOf", ()) if option != {"type": "null"}
    ]
    if len(options) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return options[0] | rest
