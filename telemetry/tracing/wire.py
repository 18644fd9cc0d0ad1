"""The parts of protobuf's wire format that OTLP uses, as functions from a value to bytes.

Source: Protocol Buffers, "Encoding"; ``opentelemetry/proto/common/v1/common.proto``;
OpenTelemetry specification, "Mapping Arbitrary Data to OTLP AnyValue".
"""

from collections.abc import Mapping
from struct import Struct
from typing import Any, Final

from telemetry.tracing.values import Value

MAX_UNSIGNED: Final = (1 << 64) - 1
_LOW: Final = -(1 << 63)
_HIGH: Final = (1 << 63) - 1
_WRITABLE_BITS: Final = 8192
"""Integers of more bits are written in hexadecimal: Python bounds the digits of a decimal one."""

SHORT: Final = tuple(bytes((number,)) for number in range(128))
"""Numbers that take one byte."""
_double: Final = Struct("<cd").pack
DOUBLE: Final = Struct("<d")
fixed64: Final = Struct("<cQ").pack
"""A tag and an unsigned number of 64 bits."""


def varint(number: int) -> bytes:
    """A number of variable length; not negative."""
    if number < 128:
        return SHORT[number]
    if number < 1 << 14:
        return bytes((number & 127 | 128, number >> 7))
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def field(tag: bytes, data: bytes) -> bytes:
    """A field of bytes, of text or of a message.

    Args:
        tag: Number and wire type, encoded.
        data: Encoded.
    """
    return b"".join((tag, varint(len(data)), data))


def utf8(text: str) -> bytes:
    """Text as protobuf wants it: a lone surrogate, which UTF-8 does not have, becomes ``?``."""
    return text.encode("utf-8", "replace")


def any_value(value: Value) -> bytes:
    """The fields of an ``AnyValue``; none for ``None``."""
    if isinstance(value, str):
        return field(b"\x0a", str.encode(value, "utf-8", "replace"))
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return _double(b"\x21", value)
    return _nested(value) if value is not None else b""


def _nested(value: bytes | tuple[Value, ...] | dict[str, Value]) -> bytes:
    if isinstance(value, tuple):
        return field(b"\x2a", b"".join([field(b"\x0a", any_value(one)) for one in value]))
    if isinstance(value, dict):
        return field(b"\x32", pairs(b"\x0a", value))
    return field(b"\x3a", value)


def _integer(number: int) -> bytes:
    """64 bits with a sign; one that needs more is written as text, as the specification wants."""
    if 0 <= number <= _HIGH:
        return b"\x18" + (SHORT[number] if number < 128 else varint(number))
    if _LOW <= number < 0:
        return b"\x18" + varint(number + (1 << 64))
    long = number.bit_length() > _WRITABLE_BITS
    return field(b"\x0a", (hex(number) if long else str(number)).encode())


class _Texts(dict[int, bytes]):
    """What comes before a text value; that of short ones is kept.

    Args:
        tag: See ``Key``.
        start: The name, encoded.
    """

    __slots__ = ("_start", "_tag")

    def __init__(self, tag: bytes, start: bytes) -> None:
        super().__init__()
        self._tag = tag
        self._start = start

    def __missing__(self, length: int) -> bytes:
        size = varint(length)
        rest = b"".join((self._start, varint(1 + len(size) + length), b"\x0a", size))
        found = b"".join((self._tag, varint(len(rest) + length), rest))
        if length < 128:
            self[length] = found
        return found


class Key:
    """The name of an attribute, encoded once.

    Args:
        name: Of the attribute.
        tag: Of the field that holds the pair, such as ``attributes`` of a span.
    """

    __slots__ = ("_start", "_tag", "texts")

    def __init__(self, name: str, tag: bytes) -> None:
        self._tag = tag
        self._start = field(b"\x0a", utf8(name)) + b"\x12"
        self.texts = _Texts(tag, self._start)
        """All that comes before a text value, by the value's length in UTF-8."""

    def value(self, value: Value) -> bytes:
        """The whole pair."""
        data = any_value(value)
        size = varint(len(data))
        return b"".join(
            (self._tag, varint(len(self._start) + len(size) + len(data)), self._start, size, data)
        )


def double_prefix(name: str, tag: bytes) -> bytes:
    """All that comes before a floating point value: the value itself is ``DOUBLE``.

    Args:
        name: See ``Key``.
        tag: See there.
    """
    return Key(name, tag).value(0.0)[: -DOUBLE.size]


MAX_KEYS: Final = 1024
_keys: Final[dict[tuple[bytes, str], Key]] = {}
"""Names that code uses are few; names made from data could be any number, so this is bounded."""


def key_of(name: str, tag: bytes) -> Key:
    """The encoded name of an attribute, remembered for the first thousand names."""
    found = _keys.get((tag, name))
    if found is None:
        found = Key(name, tag)
        if len(_keys) < MAX_KEYS:
            _keys[tag, name] = found
    return found


def pairs(tag: bytes, attributes: Mapping[str, Any]) -> bytes:
    """Fields of ``KeyValue``, one for each attribute."""
    parts: list[bytes] = []
    for name, value in list(attributes.items()):
        key = _keys.get((tag, name)) or key_of(name, tag)
        if type(value) is str:
            data = value.encode("utf-8", "replace")
            parts.append(key.texts[len(data)])
            parts.append(data)
        else:
            parts.append(key.value(value))
    return b"".join(parts)


def fields_of(data: bytes) -> dict[int, int | bytes]:
    """The fields of a message by number, the last of each; varints as numbers, others as bytes.

    Args:
        data: From a peer; may be anything.

    Raises:
        ValueError: It is no message.
    """
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            found[tag >> 3], at = _read_varint(data, at)
            continue
        if kind not in (1, 2, 5):
            raise ValueError(f"wire type {kind}")
        length, at = _read_varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        if at + length > len(data):
            raise ValueError("cut short")
        found[tag >> 3] = data[at : at + length]
        at += length
    return found


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("cut short")
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number & MAX_UNSIGNED, at
    raise ValueError("a number of more than ten bytes")
