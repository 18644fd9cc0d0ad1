"""Text fields of the API, as its own OpenAPI document lists them."""

from collections.abc import Iterator
from typing import Any, Final

from jsonschema import Draft202012Validator

EXAMPLES: Final = ("林花", "علی\u200cرضا", "Ada")


def text_fields(document: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return method, path and name of each parameter and member that takes words of any script."""
    return {
        (method.upper(), path, name)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        for name, schema in _inputs(operation, document)
        if _takes_text(schema, document)
    }


def _inputs(operation: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for given in operation.get("parameters", ()):
        parameter = _resolved(given, document)
        # Of the headers, only a file's name is text; tokens and dates are not.
        if parameter["in"] == "query" or parameter["name"] == "Content-Disposition":
            yield parameter["name"], parameter["schema"]
    body = _resolved(operation.get("requestBody", {}), document)
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    yield from _members(schema, document, "")


def _members(
    given: dict[str, Any], document: dict[str, Any], prefix: str
) -> Iterator[tuple[str, Any]]:
    schema = _resolved(given, document)
    for name, member in schema.get("properties", {}).items():
        found = _resolved(member, document)
        yield f"{prefix}{name}", found
        yield f"{prefix}{name}[]", found.get("items", {})
        yield from _members(found, document, f"{prefix}{name}.")


def _takes_text(given: dict[str, Any], document: dict[str, Any]) -> bool:
    schema = _resolved(given, document)
    options = [_resolved(option, document) for option in schema.get("anyOf", ())] or [schema]
    return any(_is_text(option) for option in options)


def _is_text(schema: dict[str, Any]) -> bool:
    is_string = schema.get("type") == "string" and not schema.get("writeOnly")
    if schema.get("format") == "idn-email":
        return True
    return (
        is_string
        and "format" not in schema
        and "enum" not in schema
        and all(Draft202012Validator(schema).is_valid(one) for one in EXAMPLES)
    )


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    found = schema
    while "$ref" in found:
        target: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = target
    return found
