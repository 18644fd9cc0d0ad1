"""A query without its values: its fields, their order and its operators.

It contains only the parts that decide how a server finds documents, never what is stored or
changed. Names of fields come from the code that wrote the query. Sizes are bounded whatever the
query's.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

PARTS: Final = ("filter", "query", "pipeline", "sort", "key")
"""Parts of a command that are kept. ``updates`` and ``deletes`` hold one filter per statement,
under ``q``.
"""

VALUE: Final = "?"
MAX_NAMES: Final = 64
MAX_DEPTH: Final = 6
MAX_CHARACTERS: Final = 512

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def query_shape(name: str, command: Mapping[str, Any]) -> str:
    """Format a command with ``?`` for every value.

    Args:
        name: The command, such as ``find``.
        command: Its document.

    Returns:
        JSON after the command's name, cut at 512 characters; the bare name when the command has
        none of the parts.

    Source: OpenTelemetry semantic conventions, sanitization of ``db.query.text``.
    """
    names_left = iter(range(MAX_NAMES))
    shapes: dict[str, Any] = {
        part: _shape(command[part], 0, names_left) for part in PARTS if part in command
    }
    for statements in ("updates", "deletes"):
        if command.get(statements):
            shapes["q"] = _shape(command[statements][0].get("q", {}), 0, names_left)
    return f"{name} {_encode(shapes)}"[:MAX_CHARACTERS] if shapes else name


def _shape(value: Any, depth: int, names_left: Iterator[int]) -> Any:
    if depth >= MAX_DEPTH:
        return VALUE
    if isinstance(value, Mapping):
        # The names come first in zip: it stops before it takes an item that has no name left.
        return {
            str(key): _shape(each, depth + 1, names_left)
            for _, (key, each) in zip(names_left, value.items(), strict=False)
        }
    if isinstance(value, list | tuple) and any(
        isinstance(each, Mapping) for each in value[:MAX_NAMES]
    ):
        return [
            _shape(each, depth + 1, names_left) for _, each in zip(names_left, value, strict=False)
        ]
    return VALUE
