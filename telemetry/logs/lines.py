"""One log line as bytes: always valid JSON, always bounded, always one line.

Source: RFC 8259, sections 7 and 8.2: text is escaped to ASCII, because readers of logs act on
separators and control characters (U+2028, U+009B); half a surrogate pair is no character, and
parsers refuse it.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from telemetry.decimals import THOUSAND
from telemetry.logs.plain import LEFT_OUT, plain

Line = Mapping[str, Any]

MAX_LINE_BYTES: Final = 131_072
"""Loki takes lines of 256 KiB by default, the Collector's filelog receiver of 1 MiB."""
TRUNCATED: Final = "truncated_bytes"
"""Member of a line that was longer: its length before."""
_LIMITS: Final = (8192, 1024, 128, 16)
"""Most characters of each text, tried in this order until the line fits."""

_encoder: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def timestamp(unix_seconds: float) -> str:
    """Return the time in UTC, to the microsecond."""
    return (
        datetime.fromtimestamp(unix_seconds, UTC)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )


class Timestamps:
    """``timestamp`` at a third of its cost, for times that follow each other."""

    __slots__ = ("_known", "_second")

    def __init__(self) -> None:
        # Both are replaced whole: threads may share one.
        self._known = (-1, "")
        self._second = (0, "")

    def __call__(self, unix_seconds: float) -> str:
        """Return what ``timestamp`` returns."""
        whole = int(unix_seconds)
        microseconds = round((unix_seconds - whole) * 1e6)
        if unix_seconds < 0 or microseconds == 1_000_000:
            return timestamp(unix_seconds)
        second, text = self._known
        if second != whole:
            text = timestamp(whole)[:-7]
            self._known = (whole, text)
        return f"{text}{str(1_000_000 + microseconds)[1:]}Z"  # a third of a format's cost

    def of_nanoseconds(self, unix_ns: int) -> str:
        """Return the time of an integer, which costs a quarter as much; from 1970 on."""
        # What is left of the last second has one digit of CPython, to which the rest is fast.
        begins_ns, text = self._second
        rest_ns = unix_ns - begins_ns
        if not 0 <= rest_ns < 1_000_000_000 or not text:
            whole = (unix_ns + 500) // 1_000_000_000
            text = timestamp(whole)[:-7]
            # Half a microsecond earlier: what is left is rounded half up.
            begins_ns = whole * 1_000_000_000 - 500
            self._second = (begins_ns, text)
            rest_ns = unix_ns - begins_ns
        microseconds = rest_ns // 1000
        return f"{text}{THOUSAND[microseconds // 1000]}{THOUSAND[microseconds % 1000]}Z"


def encode(line: Line | str) -> bytes:
    """Return a line with its line feed.

    Args:
        line: Values that JSON does not have become text. A text is JSON already.
    """
    if isinstance(line, str):
        text = line
    else:
        try:
            text = _encoder.encode(line)
        except Exception:
            text = _encoder.encode(plain(line))
    # A search for one character is a tenth of a search for three.
    if "\\" in text and "\\ud" in text:  # half a surrogate pair, or a whole one
        text = _encoder.encode(_well_formed(json.loads(text)))
    if len(text) > MAX_LINE_BYTES:
        text = _shortened(text)
    return text.encode() + b"\n"


def encode_all(lines: Sequence[Line | str]) -> tuple[list[bytes], int]:
    """Encode lines.

    Returns:
        What ``encode`` returns for each, and how many it could not encode.
    """
    encoded: list[bytes] = []
    for line in lines:
        if isinstance(line, str) and "\\" not in line and len(line) <= MAX_LINE_BYTES:
            encoded.append(line.encode() + b"\n")  # as ``encode`` does, at half of the cost
        else:
            with suppress(Exception):
                encoded.append(encode(line))
    return encoded, len(lines) - len(encoded)


def _well_formed(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_well_formed(name): _well_formed(each) for name, each in value.items()}
    return [_well_formed(each) for each in value] if isinstance(value, list) else value


def _shortened(text: str) -> str:
    line = json.loads(text)
    shorter = ""
    for limit in _LIMITS:
        shorter = _encoder.encode(_cut(line, limit) | {TRUNCATED: len(text)})
        if len(shorter) <= MAX_LINE_BYTES:
            break
    return shorter


def _cut(value: Any, limit: int) -> Any:
    """Cut each text in its middle, and each object and list at its end."""
    if isinstance(value, str) and len(value) > limit:
        half = limit // 2
        return f"{value[:half]} {LEFT_OUT} {value[-half:]}"
    if isinstance(value, dict):
        return {_cut(name, limit): _cut(each, limit) for name, each in list(value.items())[:limit]}
    if isinstance(value, list):
        kept = [_cut(each, limit) for each in value[:limit]]
        return kept if len(kept) == len(value) else [*kept, LEFT_OUT]
    return value
