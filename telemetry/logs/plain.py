"""Any object as a JSON value, whatever it is and whatever its methods do.

A log line may hold what a program has: objects whose text raises, structures that contain
themselves, numbers that JSON does not have. Each becomes a value that every parser takes, in
bounded time and size; nothing here raises an ``Exception``.

Source: RFC 8259, section 6 (numbers); RFC 7493, section 2.2 (what parsers agree on).
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from itertools import islice
from typing import Any, Final

MAX_DEPTH: Final = 6
MAX_MEMBERS: Final = 1000
"""Members of one value, those of its members included."""
MAX_CHARACTERS: Final = 65_536
"""Of all texts of one value; a text that does not fit is left out whole, never cut: half a secret
may not be recognised as one.
"""
MAX_DECIMAL_BITS: Final = 1024
LEFT_OUT: Final = "…"

_INTEGERS: Final = range(-(2**63), 2**64)
"""Parsers in other languages fail on larger ones, or round them."""
_CONSTANTS: Final = {None: "null", True: "true", False: "false"}


def plain(value: object) -> Any:
    """Return a value that consists of JSON's types, with text for the keys of mappings.

    Args:
        value: Any object; its methods may raise.
    """
    return _Conversion().value(value, 0)


def text_of(value: object) -> str:
    """Return ``str(value)``, or a text in its place that names the exception of ``str``."""
    try:
        return str.__str__(str(value))
    except Exception as error:
        return f"<{type(value).__name__}: {type(error).__name__} from its text>"


class _Conversion:
    """One value on its way, with what it may still take."""

    def __init__(self) -> None:
        self._members = MAX_MEMBERS
        self._characters = MAX_CHARACTERS

    def value(self, value: object, depth: int) -> Any:
        if value is None or value is True or value is False:
            return value
        try:
            return self._value(value, depth)
        except Exception as error:
            return f"<{type(value).__name__}: {type(error).__name__} when it was read>"

    def _value(self, value: object, depth: int) -> Any:
        if isinstance(value, Enum):
            return self.value(value.value, depth + 1) if depth <= MAX_DEPTH else LEFT_OUT
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, int):
            return self._integer(int.__index__(value))
        if isinstance(value, float):
            return _finite(float.__float__(value))
        if isinstance(value, (Mapping, list, tuple, Set, deque)) or _is_record(value):
            return self._structure(value, depth) if depth <= MAX_DEPTH else LEFT_OUT
        return self._text(_scalar(value))

    def _structure(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._object(value.items(), depth)
        if _is_record(value):
            return self._object(((f.name, getattr(value, f.name)) for f in fields(value)), depth)
        listed = [self.value(each, depth + 1) for each in self._within_bound(value)]
        return sorted(listed, key=str) if isinstance(value, Set) else listed

    def _object(self, members: Iterable[tuple[object, object]], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in self._within_bound(members):
            name = unique = self._key(key)
            number = 1
            while unique in found:
                number += 1
                unique = f"{name}#{number}"
            found[unique] = self.value(value, depth + 1)
        return found

    def _within_bound(self, members: Iterable[Any]) -> Iterable[Any]:
        # One more than there is room for shows that something is left out.
        for member in islice(members, self._members + 1):
            if self._members <= 0:
                return
            self._members -= 1
            yield member

    def _key(self, key: object) -> str:
        if isinstance(key, Enum):
            key = key.value
        if isinstance(key, str):
            return self._text(str.__str__(key))
        if key is None or isinstance(key, bool):
            return _CONSTANTS[key]
        if isinstance(key, int):
            return str(self._integer(int.__index__(key)))
        try:
            return self._text(_scalar(key))
        except Exception as error:
            return f"<{type(key).__name__}: {type(error).__name__} from its text>"

    def _integer(self, value: int) -> Any:
        if value in _INTEGERS:
            return value
        # Decimal digits cost quadratic time, and CPython refuses to make more than 4,300.
        bits = value.bit_length()
        if bits > 4 * MAX_CHARACTERS:
            return LEFT_OUT
        return self._text(str(value) if bits <= MAX_DECIMAL_BITS else hex(value))

    def _text(self, text: str) -> str:
        if len(text) > self._characters:
            return LEFT_OUT
        self._characters -= len(text)
        return text


def _is_record(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, type)


def _finite(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _scalar(value: object) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)[: MAX_CHARACTERS + 1].decode("utf-8", "backslashreplace")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {text_of(value)}"
    return text_of(value)
