"""A profile as pprof's protobuf message, which Pyroscope, Grafana and ``go tool pprof`` read.

Source: github.com/google/pprof, ``proto/profile.proto``.
"""

import gzip
from collections.abc import Iterable
from typing import Final

from telemetry.hub.profile import Counted, Stack
from telemetry.tracing.wire import field, utf8, varint

_SAMPLE_TYPE: Final = b"\x0a"
_SAMPLE: Final = b"\x12"
_LOCATION: Final = b"\x22"
_FUNCTION: Final = b"\x2a"
_STRING: Final = b"\x32"
_TIME_NANOS: Final = b"\x48"
_DURATION_NANOS: Final = b"\x50"
_PERIOD_TYPE: Final = b"\x5a"
_PERIOD: Final = b"\x60"
_COMMENT: Final = b"\x68"
_DEFAULT_SAMPLE_TYPE: Final = b"\x70"


class _Strings(dict[str, int]):
    """The string table; the first is empty."""

    def __init__(self) -> None:
        super().__init__({"": 0})

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


def encode(
    stacks: Iterable[tuple[Stack, Counted]],
    *,
    ended_unix_ns: int,
    seconds: float,
    period_ns: int,
    comment: str,
) -> bytes:
    """Encode a profile, compressed.

    Args:
        stacks: With their counts.
        ended_unix_ns: Wall clock at its end, nanoseconds.
        seconds: Its duration.
        period_ns: Time between two samples.
        comment: For its readers.
    """
    strings = _Strings()
    functions: dict[str, int] = {}
    samples = [_sample(stack, counted, strings, functions) for stack, counted in stacks]
    duration_ns = int(seconds * 1e9)
    parts = [
        field(_SAMPLE_TYPE, _value_type(strings, "samples", "count")),
        field(_SAMPLE_TYPE, _value_type(strings, "wall", "nanoseconds")),
        *samples,
        *(field(_LOCATION, _location(number)) for number in functions.values()),
        *(field(_FUNCTION, _function(number, strings[name])) for name, number in functions.items()),
        _number(_TIME_NANOS, ended_unix_ns - duration_ns),
        _number(_DURATION_NANOS, duration_ns),
        field(_PERIOD_TYPE, _value_type(strings, "wall", "nanoseconds")),
        _number(_PERIOD, period_ns),
        _number(_COMMENT, strings[comment]),
        _number(_DEFAULT_SAMPLE_TYPE, strings["wall"]),
    ]
    parts += [field(_STRING, utf8(text)) for text in strings]
    return gzip.compress(b"".join(parts), mtime=0)


def _sample(stack: Stack, counted: Counted, strings: _Strings, functions: dict[str, int]) -> bytes:
    # The innermost comes first; functions and their locations share their numbers.
    numbers = [functions.setdefault(label, len(functions) + 1) for label in reversed(stack.labels)]
    return field(
        _SAMPLE,
        field(b"\x0a", b"".join(map(varint, numbers)))
        + field(b"\x12", varint(counted.samples) + varint(counted.nanoseconds))
        + field(b"\x1a", _label(strings, "route", stack.route))
        + field(b"\x1a", _label(strings, "kind", stack.kind)),
    )


def _label(strings: _Strings, key: str, value: str) -> bytes:
    return _number(b"\x08", strings[key]) + _number(b"\x10", strings[value])


def _value_type(strings: _Strings, kind: str, unit: str) -> bytes:
    return _number(b"\x08", strings[kind]) + _number(b"\x10", strings[unit])


def _location(number: int) -> bytes:
    return _number(b"\x08", number) + field(b"\x22", _number(b"\x08", number))


def _function(number: int, name: int) -> bytes:
    return _number(b"\x08", number) + _number(b"\x10", name) + _number(b"\x18", name)


def _number(tag: bytes, number: int) -> bytes:
    return tag + varint(number)
