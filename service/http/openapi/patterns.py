r"""Patterns of the document in the common subset of the engines that read it.

A pattern in the code is one of Python's. In the document it must compile in ECMAScript, with the
``u`` and with the ``v`` flag, and in RE2, and mean the same in each. So code points are written as
``\xHH`` up to U+00FF and as themselves above, and a class escapes what ``v`` reserves. What has no
common spelling is an error, so that a pattern with it never gets into the document.

Source: ECMA-262, section 22.2.1 (patterns); RE2's syntax, section "Syntax"; JSON Schema 2020-12,
core, section 6.4 (regular expressions).
"""

import re
from collections.abc import Iterator
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"\\u(?P<code>[0-9a-fA-F]{4})"
    r"|\\U(?P<long>[0-9a-fA-F]{8})"
    r"|(?P<escape>\\(?:x[0-9a-fA-F]{2}|[tnrfv]|[\^$\\.*+?()\[\]{}|/-]))"
    r"|(?P<open>\[\^?)"
    r"|(?P<group>\((?:\?:|(?!\?)))"
    r"|(?P<plain>[^\\])",
    re.DOTALL,
)
_LAST_BYTE: Final = 0xFF
_SYNTAX: Final = frozenset("^$\\.*+?()[]{}|/")
_RESERVED_IN_CLASS: Final = frozenset("()[]{}/|\\-^")
_DOUBLED_IN_CLASS: Final = frozenset("&!#$%*+,.:;<=>?@`~^")
"""Reserved by the ``v`` flag when two of one follow each other."""

_NAMED: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}


class UnportablePattern(ValueError):
    """The pattern has no spelling that all engines read alike."""


def portable(pattern: str) -> str:
    r"""Return the spelling of a pattern that all engines read alike.

    Args:
        pattern: Python's.

    Raises:
        UnportablePattern: It has a part that some engine lacks or reads as something else:
            assertions about what is around, references, flags, classes such as ``\d`` (which have
            more members in Python).
    """
    return "".join(_written(pattern))


def with_portable_patterns(schema: Any) -> Any:
    """Return a part of a document with the portable spelling of each ``pattern`` in it."""
    if isinstance(schema, dict):
        return {
            name: portable(value)
            if name == "pattern" and isinstance(value, str)
            else with_portable_patterns(value)
            for name, value in schema.items()
        }
    if isinstance(schema, list):
        return [with_portable_patterns(one) for one in schema]
    return schema


def _written(pattern: str) -> Iterator[str]:
    at, in_class = 0, False
    while at < len(pattern):
        if in_class and pattern[at] == "]":
            in_class = False
            yield "]"
            at += 1
            continue
        token = _TOKEN.match(pattern, at)
        if token is None or (token["group"] is None and not in_class and pattern[at] == "("):
            raise UnportablePattern(pattern)
        if token["open"] and not in_class:
            # In Python a "]" right here is a member; elsewhere the class is empty.
            if pattern[token.end() : token.end() + 1] == "]":
                raise UnportablePattern(pattern)
            in_class = True
            yield token["open"]
        elif in_class:
            text, end = _member(pattern, at, token)
            yield text
            at = end
            continue
        else:
            yield _outside(token)
        at = token.end()


def _outside(token: "re.Match[str]") -> str:
    code = token["code"] or token["long"]
    if token[0] == ".":  # each engine has another set of ends of lines
        raise UnportablePattern(token.string)
    if code is None:
        return "-" if token[0] == r"\-" else token[0]
    character = chr(int(code, 16))
    return f"\\{character}" if character in _SYNTAX else _spelled(character)


def _member(pattern: str, at: int, token: "re.Match[str]") -> tuple[str, int]:
    """Return one member of a class, or a range of two, and the position after it."""
    first, end = _character(token)
    if pattern[end : end + 1] == "-" and pattern[end + 1 : end + 2] not in ("]", ""):
        token = _required(pattern, end + 1)
        last, end = _character(token)
        return f"{_in_class(first)}-{_in_class(last)}", end
    if first in _DOUBLED_IN_CLASS and pattern[end : end + 1] == first:
        raise UnportablePattern(pattern)
    return _in_class(first), end


def _required(pattern: str, at: int) -> "re.Match[str]":
    token = _TOKEN.match(pattern, at)
    if token is None:
        raise UnportablePattern(pattern)
    return token


def _character(token: "re.Match[str]") -> tuple[str, int]:
    if code := token["code"] or token["long"]:
        return chr(int(code, 16)), token.end()
    if escape := token["escape"]:
        if escape[1] == "x":
            return chr(int(escape[2:], 16)), token.end()
        return _NAMED.get(escape[1], escape[1]), token.end()
    # A "[" or "(" in a class is the character, whatever follows it.
    return token[0][0], token.start() + 1


def _in_class(character: str) -> str:
    return f"\\{character}" if character in _RESERVED_IN_CLASS else _spelled(character)


def _spelled(character: str) -> str:
    code = ord(character)
    is_plain = code > _LAST_BYTE or (character.isascii() and character.isprintable())
    return character if is_plain else f"\\x{code:02x}"
