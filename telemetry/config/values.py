"""Parsers of the types that OpenTelemetry's variables have.

Each takes a variable's text, which is never empty, and returns the value or raises ``ValueError``
with what is allowed. No message repeats the text: it may be a secret.

Source: OpenTelemetry specification, "Environment Variable Specification", "Type-specific guidance".
"""

import math
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from telemetry.config.types import split_words

MAX_INTEGER: Final = 2**31 - 1
NO_LIMIT_SECONDS: Final = MAX_INTEGER / 1000
"""What a time-out of 0 means: the specification lets "no limit" be a very long time."""
MIN_INTERVAL_SECONDS: Final = 0.01

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
FRAMING_HEADERS: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
    }
)
"""Headers that describe the request itself; another value would make it unreadable."""

Pairs = tuple[tuple[str, str], ...]


def text(value: str) -> str:
    """Text as it is, without white space around it."""
    return value.strip()


def boolean(value: str) -> bool:
    """``true`` or ``false``, in any case."""
    if value.strip().lower() not in ("true", "false"):
        raise ValueError("should be true or false")
    return value.strip().lower() == "true"


def integer(minimum: int, maximum: int = MAX_INTEGER) -> Callable[[str], int]:
    """A parser of whole numbers between two bounds, which are allowed themselves."""

    def parse(value: str) -> int:
        number = int(value) if _INTEGER.fullmatch(value.strip()) else minimum - 1
        if not minimum <= number <= maximum:
            raise ValueError(f"should be a whole number from {minimum} to {maximum}")
        return number

    return parse


def duration_seconds(value: str) -> float:
    """A duration, given in milliseconds."""
    return integer(0)(value) / 1000


def interval_seconds(value: str) -> float:
    """An interval, given in milliseconds; one under 10 ms would not let the hub rest."""
    return max(duration_seconds(value), MIN_INTERVAL_SECONDS)


def timeout_seconds(value: str) -> float:
    """A time-out, given in milliseconds; 0 is no limit."""
    return duration_seconds(value) or NO_LIMIT_SECONDS


def ratio(value: str) -> float:
    """A number from 0 to 1."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0.0 <= number <= 1.0:
        raise ValueError("should be a number from 0 to 1")
    return number


def one_of(*options: str) -> Callable[[str], str]:
    """A parser of names from a list, in any case."""

    def parse(value: str) -> str:
        name = value.strip().lower()
        if name not in options:
            raise ValueError(f"should be one of {', '.join(options)}")
        return name

    return parse


def propagators(value: str) -> tuple[str, ...]:
    """Names of propagators, each once; ``none`` stands for an empty list.

    In lower case only: the OpenTelemetry API reads the same variable, and compares so.
    """
    known = ("tracecontext", "baggage", "b3", "b3multi", "none")
    given = split_words(value)
    names = tuple(dict.fromkeys(given)) if isinstance(given, tuple) else ()
    if not names or not set(names) <= set(known):
        raise ValueError(f"should be a comma-separated list of {', '.join(known)}")
    return () if "none" in names else names


def resource_attributes(value: str) -> dict[str, str]:
    """Attributes from ``key=value,key=value``, percent-encoded.

    Raises:
        ValueError: One entry cannot be read; the specification then discards the whole variable.

    Source: OpenTelemetry specification, "Resource SDK".
    """
    pairs = _pairs(value)
    for number, (key, _) in enumerate(pairs, 1):
        if not key:
            raise ValueError(f"entry {number} has no key")
    return dict(pairs)


def headers(value: str) -> Pairs:
    """HTTP headers from ``name=value,name=value``, percent-encoded.

    Raises:
        ValueError: One entry is no header, or describes the request itself; no value is in the
            text.

    Source: OpenTelemetry specification, "Specifying headers via environment variables".
    """
    pairs = _pairs(value)
    for number, (name, content) in enumerate(pairs, 1):
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(content):
            raise ValueError(f"entry {number} is no HTTP header")
        if name.lower() in FRAMING_HEADERS:
            raise ValueError(f"entry {number} sets {name}, which describes the request itself")
    return pairs


def _pairs(value: str) -> Pairs:
    entries = [entry for entry in value.split(",") if entry.strip()]
    pairs = []
    for number, entry in enumerate(entries, 1):
        key, separator, content = entry.partition("=")
        if not separator or _BAD_ESCAPE.search(entry):
            raise ValueError(f"entry {number} should be key=value, percent-encoded")
        try:
            pairs.append((_decoded(key), _decoded(content)))
        except UnicodeDecodeError:
            raise ValueError(f"entry {number} should be percent-encoded UTF-8") from None
    return tuple(pairs)


def _decoded(part: str) -> str:
    return unquote_to_bytes(part.strip()).decode()
