"""Reader of server-sent events, from the bytes of a response as they come.

It knows nothing of what the events hold. Where endpoints deviate from the standard and their
meaning is clear, it follows them: the last event counts without an empty line after it.

Source: WHATWG HTML, "Server-sent events", section 9.2.6 "Interpreting an event stream".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

LARGEST_LINE_BYTES: Final = 1024**2

_BOM: Final = b"\xef\xbb\xbf"


class StreamTooLarge(ValueError):
    """A line of a stream is longer than ``LARGEST_LINE_BYTES``."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event.

    Args:
        name: Its type; empty for the usual one.
        data: Its lines of data.
    """

    name: str
    data: tuple[str, ...]


def read_events(parts: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Yield the events of a stream that have data; comments, ids and retry times are dropped.

    Args:
        parts: The body in pieces of any size.

    Raises:
        StreamTooLarge: A line does not end.
    """
    name, data = "", list[str]()
    for line in _lines(parts):
        if not line:
            if data:
                yield ServerEvent(name, tuple(data))
            name, data = "", []
            continue
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
    if data:
        yield ServerEvent(name, tuple(data))


def without_bom(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a body without a byte order mark at their beginning."""
    head, rest = b"", iter(parts)
    for part in rest:
        head += part
        if len(head) >= len(_BOM) or not _BOM.startswith(head):
            break
    if head := head.removeprefix(_BOM):
        yield head
    yield from rest


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    pending, after_return = b"", False
    for part in parts:
        if not part:
            continue
        # The line feed of a CR LF whose halves came in two parts ends no second line.
        fresh = part[1:] if after_return and part.startswith(b"\n") else part
        after_return = part.endswith(b"\r")
        *whole, pending = _split(pending, fresh)
        yield from whole
        if len(pending) > LARGEST_LINE_BYTES:
            raise StreamTooLarge("a line of the stream is too long")
    if pending:
        yield pending


def _split(pending: bytes, fresh: bytes) -> list[bytes]:
    lines = fresh.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    lines[0] = pending + lines[0]
    return lines
