"""The chunked transfer coding, read strictly.

Source: RFC 9112, section 7.1.
"""

import re
from collections.abc import Callable
from typing import Final, Protocol

from telemetry.http1 import rules
from telemetry.http1.fields import parse_fields
from telemetry.http1.rules import BrokenRule, MalformedBody, Rule

MAX_SIZE_DIGITS: Final = 15
MAX_LINE_BYTES: Final = 512
"""Longest line of a chunk's size and extensions, with its end; no client is known to use more."""
MAX_EXTENSION_BYTES: Final = 16_384
"""Extensions of the whole body. They carry no data, so without a bound they cost for nothing."""
MAX_TRAILERS: Final = 32
MAX_TRAILER_BYTES: Final = 8190

FORBIDDEN_TRAILERS: Final = frozenset(
    {
        *("authorization", "cache-control", "connection", "content-encoding", "content-length"),
        *("content-range", "content-type", "cookie", "expect", "forwarded", "host", "keep-alive"),
        *("max-forwards", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""Fields that decide framing, routing, who asks or how the body is read: too late in a trailer."""

_SIZE_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]+)"
    rb"((?:[ \t]*;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    rb"(?:[ \t]*=[ \t]*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    rb'|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*)'
)


class Stream(Protocol):
    """What is received on a connection, buffered."""

    def readline(self, size: int, /) -> bytes:
        """Return a line with its end, so many bytes of it, or what precedes the end."""

    def read1(self, size: int, /) -> bytes:
        """Return some bytes, so many at most; none at the end."""


class ChunkedReader:
    """Reads the data of a chunked body, and nothing beyond the body.

    Args:
        stream: Positioned at the first chunk.
        on_end: Called when the whole body was read.
    """

    def __init__(self, stream: Stream, on_end: Callable[[], object] = lambda: None) -> None:
        self._stream = stream
        self._on_end = on_end
        self._chunk_left = 0
        self._in_chunk = False
        self._extension_bytes = 0
        self.ended = False
        """The whole body was read."""
        self.failed = False
        """The body's end cannot be found any more."""

    def read(self, size: int) -> bytes:
        """Read some of the data.

        Args:
            size: Most bytes to return; at least 1.

        Returns:
            Some bytes; none at the end of the body.

        Raises:
            MalformedBody: The framing is broken, or the connection ended.
        """
        if self.failed:
            raise MalformedBody(rules.UNREADABLE)
        if self.ended or size <= 0:
            return b""
        try:
            return self._read(size)
        except MalformedBody:
            self.failed = True
            raise
        except BrokenRule:
            self.failed = True
            raise MalformedBody(rules.TRAILER) from None

    def _read(self, size: int) -> bytes:
        if not self._chunk_left:
            # The end of a chunk is read with the next one: its data need not wait for it.
            if self._in_chunk and self._line(2, rules.CHUNK_END):
                raise MalformedBody(rules.CHUNK_END)
            self._begin_chunk()
            if self.ended:
                return b""
        data = self._stream.read1(min(size, self._chunk_left))
        if not data:
            raise MalformedBody(rules.BODY_ENDED)
        self._chunk_left -= len(data)
        return data

    def _begin_chunk(self) -> None:
        match = _SIZE_LINE.fullmatch(line := self._line(MAX_LINE_BYTES, rules.CHUNK_EXTENSION))
        if match is None:
            wrong_size = not re.match(rb"[0-9A-Fa-f]+[ \t]*;", line)
            raise MalformedBody(rules.CHUNK_SIZE if wrong_size else rules.CHUNK_EXTENSION)
        self._extension_bytes += len(match[2])
        if self._extension_bytes > MAX_EXTENSION_BYTES:
            raise MalformedBody(rules.CHUNK_EXTENSION)
        if len(match[1]) > MAX_SIZE_DIGITS:
            raise MalformedBody(rules.CHUNK_SIZE)
        self._chunk_left, self._in_chunk = int(match[1], 16), True
        if not self._chunk_left:
            self._read_trailers()
            self.ended = True
            self._on_end()

    def _read_trailers(self) -> None:
        lines = []
        while line := self._line(MAX_TRAILER_BYTES, rules.TRAILER):
            lines.append(line)
            if len(lines) > MAX_TRAILERS or sum(map(len, lines)) > MAX_TRAILER_BYTES:
                raise MalformedBody(rules.TRAILER)
        fields = parse_fields(lines, most=MAX_TRAILERS, line_bytes=MAX_TRAILER_BYTES)
        if not FORBIDDEN_TRAILERS.isdisjoint(fields):
            raise MalformedBody(rules.TRAILER)

    def _line(self, most_bytes: int, too_long: Rule) -> bytes:
        """Read a line; returns it without its end."""
        line = self._stream.readline(most_bytes)
        if line[-2:] == b"\r\n":
            return line[:-2]
        if line[-1:] == b"\n":
            raise MalformedBody(rules.CHUNK_END)
        raise MalformedBody(too_long if len(line) >= most_bytes else rules.BODY_ENDED)
