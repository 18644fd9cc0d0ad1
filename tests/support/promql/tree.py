"""The tree of a query, and what is read off it: selectors, calls, and constant zeros."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

Node = dict[str, Any]

_CHILDREN: Final = ("expr", "param", "lhs", "rhs")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition of a selector on one label; ``operator`` is ``=``, ``!=``, ``=~`` or ``!~``."""

    label: str
    operator: str
    value: str

    def alternatives(self) -> tuple[str, ...]:
        """Return the values that it names, each as a text that a label may have.

        A pattern stays one: see ``matches``.
        """
        return (self.value,) if self.operator in {"=", "!="} else tuple(_split_pattern(self.value))

    def matches(self, alternative: str, value: str) -> bool:
        """Return whether an alternative matches a label's value, as Prometheus anchors it."""
        if self.operator in {"=", "!="}:
            return alternative == value
        return re.fullmatch(alternative, value) is not None


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector: the name of its metric, its matchers, and its range in seconds or 0."""

    name: str
    matchers: tuple[Matcher, ...]
    range_seconds: float = 0.0


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Node) -> list[Node]:
    """Return the nodes directly below one."""
    below = [node[key] for key in _CHILDREN if isinstance(node.get(key), dict)]
    return [*below, *node.get("args", ())]


def selectors(node: Node) -> list[Selector]:
    """Return every selector of a query."""
    return [
        Selector(
            found["name"],
            tuple(
                Matcher(one["name"], one["type"], one["value"])
                for one in found["matchers"]
                if one["name"] != "__name__"
            ),
            found.get("range", 0) / 1000,
        )
        for found in walk(node)
        if found["type"] in {"vectorSelector", "matrixSelector"}
    ]


def calls(node: Node, *functions: str) -> list[Node]:
    """Return every call of one of the functions."""
    return [
        found
        for found in walk(node)
        if found["type"] == "call" and found["func"]["name"] in functions
    ]


def unwrap(node: Node) -> Node:
    """Return a node without the parentheses around it."""
    while node["type"] == "parenExpr":
        node = node["expr"]
    return node


def has_zero_instead_of_nothing(node: Node) -> bool:
    """Return whether a query, or a part of it, is 0 where it had no series: ``... or 0 * x``."""
    return any(
        found["type"] == "binaryExpr" and found["op"] == "or" and is_zero(found["rhs"])
        for found in walk(node)
    )


def is_zero(node: Node) -> bool:
    """Return whether a node can have no value but 0."""
    node = unwrap(node)
    if node["type"] == "numberLiteral":
        return float(node["val"]) == 0
    if node["type"] == "binaryExpr" and node["op"] == "*":
        return is_zero(node["lhs"]) or is_zero(node["rhs"])
    if node["type"] == "call" and node["func"]["name"] in {"vector", "label_replace", "scalar"}:
        return is_zero(node["args"][0])
    if node["type"] == "aggregation" and node["op"] in {"sum", "max", "min", "avg"}:
        return is_zero(node["expr"])
    return False


def _split_pattern(pattern: str) -> list[str]:
    """Split ``a|b`` where no parentheses are open."""
    parts, depth = [""], 0
    for character in pattern:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
