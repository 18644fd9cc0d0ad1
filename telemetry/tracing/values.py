"""Attribute values as they are kept: copied, cut to the limits, of the types that OTLP has.

What a user's code passes may be anything, may change afterwards and may be hostile; what is kept is
immutable, bounded and can be encoded. The rules are those of OpenTelemetry's SDK, with a bound on
depth: protobuf's readers refuse messages that are nested too deeply.

Source: OpenTelemetry specification, "Attribute" and "Attribute Limits"; SDK 1.45,
``opentelemetry.attributes``.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

Value = None | bool | int | float | str | bytes | tuple["Value", ...] | dict[str, "Value"]
Attributes = dict[str, Value]

MAX_DEPTH: Final = 16
"""Levels of nested values; each takes up to three of the hundred that protobuf's readers take."""

MAX_ELEMENTS: Final = 10_000
"""Of one value with everything nested in it: a list may hold itself many times."""

OWN_ATTRIBUTES: Final = 32
OWN_LENGTH: Final = 8192

_UNCHANGED: Final = frozenset({bool, int, float, bytes, type(None)})
_log = logging.getLogger("telemetry.tracing")


class SpanLimits(NamedTuple):
    """How large a span may be; counts, and characters of text.

    Args:
        attributes: Of a span; of more, the oldest are dropped. So are events and links.
        events: Of a span.
        links: Of a span.
        event_attributes: Of one event.
        link_attributes: Of one link.
        value_length: Of one text in an attribute's value; longer ones are cut.
    """

    attributes: int = 128
    events: int = 128
    links: int = 128
    event_attributes: int = 128
    link_attributes: int = 128
    value_length: int = 8192


class Values:
    """The rules of one provider; what breaks them is logged once for each kind of mistake.

    Args:
        limits: Of its spans.
    """

    def __init__(self, limits: SpanLimits) -> None:
        self.limits = limits
        self.tight = limits.attributes < OWN_ATTRIBUTES or limits.value_length < OWN_LENGTH
        """The layer's own attributes may be beyond the limits."""
        self._warned: set[str] = set()

    def warn(self, mistake: str, *details: object) -> None:
        """Log a mistake of the code that makes spans; each text once.

        Args:
            mistake: Fixed text with placeholders.
            details: For the placeholders, of the first time.
        """
        if mistake not in self._warned:
            self._warned.add(mistake)
            _log.warning(mistake + " (logged once)", *details)

    def put(self, kept: Attributes, key: object, value: object, most: int) -> int:
        """Keep one attribute.

        Args:
            kept: Where; changed in place.
            key: Its name, a text that is not empty.
            value: Of any type.
            most: Attributes that ``kept`` may hold.

        Returns:
            How many attributes were dropped for it.
        """
        if not key or not isinstance(key, str):
            self.warn("An attribute's name should be a text and not empty, and was %r", type(key))
            return 1
        return _store(kept, key, self.clean(value), most)

    def put_all(self, kept: Attributes, attributes: object, most: int) -> int:
        """Keep the attributes of a mapping; see ``put``.

        Names of other types than text are written as text, as the SDK does here.
        """
        if not isinstance(attributes, Mapping):
            self.warn("Attributes should be a mapping, and were a %s", type(attributes).__name__)
            return 0
        dropped = 0
        for key, value in attributes.items():
            name = key if type(key) is str and key else self._name(key)
            if name:
                dropped += _store(kept, name, self.clean(value), most)
            else:
                dropped += 1
        return dropped

    def kept(self, attributes: object, most: int) -> tuple[Attributes, int]:
        """Keep a mapping, or nothing for ``None``; returns it with how many were dropped."""
        kept: Attributes = {}
        return kept, self.put_all(kept, attributes, most) if attributes else 0

    def clean(self, value: object) -> Value:
        """One value as it is kept."""
        kind = type(value)
        if kind is str:
            return self._cut(value)  # type: ignore[arg-type]
        if kind in _UNCHANGED:
            return value  # type: ignore[return-value]
        try:
            return self._copy(value, MAX_DEPTH, [MAX_ELEMENTS])
        except Exception:
            self.warn("A value of type %s cannot be read", kind.__name__)
            return None

    def _copy(self, value: object, levels: int, left: list[int]) -> Value:
        """Copy a value.

        Args:
            value: Of any type.
            levels: Most levels of nesting.
            left: How many elements may still be copied, in one number; counted down.
        """
        if isinstance(value, str):
            return self._cut(value)
        if value is None or isinstance(value, (int, float, bytes)):
            return value
        if not isinstance(value, (Sequence, Mapping)):
            self.warn("A value of type %s is kept as text", type(value).__name__)
            return self._text(value)
        left[0] -= len(value)
        if not levels or left[0] < 0:
            self.warn("A value is nested too deeply or too large; a part of it is left out")
            return None
        if isinstance(value, Mapping):
            return {
                name: self._copy(one, levels - 1, left)
                for key, one in value.items()
                if (name := self._name(key))
            }
        return tuple([self._copy(one, levels - 1, left) for one in value])

    def _cut(self, text: str) -> str:
        return text if len(text) <= self.limits.value_length else text[: self.limits.value_length]

    def _name(self, key: object) -> str:
        if isinstance(key, str) and key:
            return key
        self.warn("An attribute's name should be a text and not empty, and was %r", type(key))
        return (self._text(key) or "") if key else ""

    def _text(self, value: object) -> str | None:
        """An object of any class as text; ``None`` when it has no text of its own."""
        kind = type(value)
        if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__:
            return None
        try:
            return self._cut(str(value))
        except Exception:
            self.warn("A value of type %s cannot be written as text", kind.__name__)
            return None


def _store(kept: Attributes, name: str, value: Value, most: int) -> int:
    if name in kept:
        del kept[name]
    elif len(kept) >= most:
        if not most:
            return 1
        del kept[next(iter(kept))]
        kept[name] = value
        return 1
    kept[name] = value
    return 0


def size_of(value: Value) -> int:
    """About how many bytes a value holds in memory."""
    if isinstance(value, (str, bytes)):
        return 50 + len(value)
    if isinstance(value, tuple):
        return 50 + sum(map(size_of, value))
    if isinstance(value, dict):
        return size_of_all(value)
    return 30


def size_of_all(attributes: Mapping[str, Any]) -> int:
    """About how many bytes a mapping holds in memory."""
    return 100 + sum(100 + len(key) + size_of(value) for key, value in attributes.items())
