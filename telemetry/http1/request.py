"""One request's head: from bytes to what a server must know of it.

Pure functions: bytes in, facts or a broken rule out.

Source: RFC 9112, sections 2 to 6 and 9; RFC 9110, sections 7 and 10.1.1.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from telemetry.http1 import rules
from telemetry.http1.fields import Fields, members, parse_fields
from telemetry.http1.framing import body_length
from telemetry.http1.rules import BrokenRule, Rule
from telemetry.http1.targets import check_host, split_target

END_OF_LINE: Final = b"\r\n"
END: Final = b"\r\n\r\n"
MAX_EMPTY_LINES: Final = 2
"""A server should ignore at least one: old clients send it after a body."""

_FIRST_BYTES: Final = frozenset(
    b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz\r" + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)
_TLS_HANDSHAKE: Final = 0x16
_REQUEST_LINE: Final = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ \t\r\n\x0b\x0c]+) HTTP/([0-9])\.([0-9])"
)
# What most clients send; the rules below would find the same in it one by one.
_USUAL_LINE: Final = re.compile(rb"(?!CONNECT )([A-Z]+) (/[!\"$-\[\]-~]*) HTTP/1\.([01])")
_SMALL_LETTER: Final = re.compile("[a-z]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a head may be.

    Args:
        line_bytes: The request line.
        fields: Header lines.
        field_bytes: One header line, with its end.
        bytes: The whole.
    """

    line_bytes: int = 4094
    fields: int = 100
    field_bytes: int = 8190
    bytes: int = 819_204


class RequestLine(NamedTuple):
    """The first line of a request.

    Args:
        method: In capital letters.
        target: As sent.
        version: ``HTTP/1.0``, or ``HTTP/1.1`` for that and any later 1.x.
        path: See ``Target``.
        query: See ``Target``.
        authority: See ``Target``.
    """

    method: str
    target: str
    version: str
    path: str
    query: str
    authority: str


@dataclass(frozen=True, slots=True)
class RequestMessage:
    """A request without its body.

    Args:
        line: The first line.
        fields: The header fields.
        body_length: See ``framing.body_length``.
        keep_alive: The client wants to send another request on the connection.
        expects_continue: The client waits for ``100 Continue`` before it sends the body.
    """

    line: RequestLine
    fields: Fields
    body_length: int | None
    keep_alive: bool
    expects_continue: bool

    @property
    def host(self) -> str:
        """Host and port that the request is for; empty when it names none."""
        return self.line.authority or "".join(self.fields.get("host", ()))


class HeadStream(Protocol):
    """What is received on a connection, buffered."""

    def peek(self, size: int, /) -> bytes:
        """Return some bytes that the next read returns again; none at the end."""

    def readline(self, size: int, /) -> bytes:
        """Return a line with its end, so many bytes of it, or what precedes the end."""


def check_first_byte(received: bytes | bytearray) -> None:
    """Refuse at once what can never become a request, such as a TLS handshake.

    Args:
        received: One byte at least.

    Raises:
        BrokenRule: Waiting for more would be in vain.
    """
    if received[0] not in _FIRST_BYTES:
        raise BrokenRule(rules.TLS if received[0] == _TLS_HANDSHAKE else rules.FIRST_BYTE)


def skip_empty_lines(received: bytes) -> bytes:
    """Remove the empty lines before a request.

    Raises:
        BrokenRule: They are too many, or end with CR alone.
    """
    for _ in range(MAX_EMPTY_LINES + 1):
        if received[:1] != b"\r":
            return received
        if received[1:2] not in (b"", b"\n"):
            raise BrokenRule(rules.LINE_END)
        if len(received) < 2:
            return received
        received = received[2:]
    raise BrokenRule(rules.EMPTY_LINES)


def split_head(received: bytes, limits: Limits) -> tuple[bytes, bytes] | None:
    """Split what was received into a head and what follows it.

    Args:
        received: Without empty lines before the request.
        limits: How large the head may be.

    Returns:
        The head without the empty line that ends it, and the rest; ``None`` while it is incomplete.

    Raises:
        BrokenRule: It can no longer become a head.
    """
    if not received or received == b"\r":
        return None
    check_first_byte(received)
    end = received.find(END)
    head = received if end < 0 else received[:end]
    first_line_end = head.find(END_OF_LINE)
    if (len(head) if first_line_end < 0 else first_line_end) > limits.line_bytes:
        raise BrokenRule(rules.LINE_LENGTH)
    if len(head) > limits.bytes:
        raise BrokenRule(rules.FIELDS_SIZE)
    if head.count(b"\n") != head.count(END_OF_LINE):
        raise BrokenRule(rules.LINE_END)
    if end >= 0:
        return head, received[end + len(END) :]
    if first_line_end >= 0:
        # What is no request need not be waited for.
        parse_request_line(head[:first_line_end])
    return None


def read_head(stream: HeadStream, limits: Limits) -> RequestMessage | None:
    """Read the head of a request.

    Args:
        stream: Buffered.
        limits: How large the head may be.

    Returns:
        The request; ``None`` when the connection ended instead.

    Raises:
        BrokenRule: It is refused.
    """
    for _ in range(MAX_EMPTY_LINES + 1):
        begin = stream.peek(1)[:1]
        if not begin:
            return None
        check_first_byte(begin)
        first = _read_line(stream, limits.line_bytes + 2, rules.LINE_LENGTH)
        if first != b"":
            break
    if first is None:
        return None
    if not first:
        raise BrokenRule(rules.EMPTY_LINES)
    line = parse_request_line(first)
    lines: list[bytes] = []
    while field := _read_line(stream, limits.field_bytes, rules.FIELDS_SIZE):
        lines.append(field)
        if len(lines) > limits.fields:
            raise BrokenRule(rules.FIELDS_SIZE)
    return None if field is None else parse_message(line, lines, limits)


def _read_line(stream: HeadStream, most_bytes: int, too_long: Rule) -> bytes | None:
    """Read a line; returns it without its end, ``None`` when the connection ended within it."""
    line = stream.readline(most_bytes)
    if line[-2:] == END_OF_LINE:
        return line[:-2]
    if line[-1:] == b"\n" or (line[:1] == b"\r" and len(line) > 1):
        raise BrokenRule(rules.LINE_END)
    if len(line) >= most_bytes:
        raise BrokenRule(too_long)
    return None


def parse_request_line(line: bytes) -> RequestLine:
    """Parse the first line of a request.

    Raises:
        BrokenRule: It is not one, or asks for what a server does not do.
    """
    match = _USUAL_LINE.fullmatch(line)
    if match is not None:
        method, target, minor = match[1].decode(), match[2].decode(), match[3].decode()
        path, _, query = target.partition("?")
        return RequestLine(method, target, f"HTTP/1.{minor}", path, query, "")
    return _parse_unusual_line(line)


def _parse_unusual_line(line: bytes) -> RequestLine:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        broken_line = b"\r" in line or b"\n" in line
        raise BrokenRule(rules.LINE_END if broken_line else rules.REQUEST_LINE)
    method, target = match[1].decode("ascii"), match[2].decode("latin-1")
    if match[3] != b"1":
        raise BrokenRule(rules.VERSION)
    if _SMALL_LETTER.search(method):
        raise BrokenRule(rules.METHOD_CASE)
    if method == "CONNECT":
        raise BrokenRule(rules.CONNECT)
    version = "HTTP/1.0" if match[4] == b"0" else "HTTP/1.1"
    return RequestLine(method, target, version, *split_target(method, target))


def parse_head(head: bytes, limits: Limits) -> RequestMessage:
    """Parse the head of a request.

    Args:
        head: Without the empty line that ends it.
        limits: How large it may be.

    Raises:
        BrokenRule: The request is refused.
    """
    first, *lines = head.split(END_OF_LINE)
    return parse_message(parse_request_line(first), lines, limits)


def parse_message(line: RequestLine, lines: list[bytes], limits: Limits) -> RequestMessage:
    """Parse the header lines of a request.

    Args:
        line: The first line.
        lines: Without their ends.
        limits: How large they may be.

    Raises:
        BrokenRule: The request is refused.
    """
    fields = parse_fields(lines, most=limits.fields, line_bytes=limits.field_bytes)
    http_1_0 = line.version == "HTTP/1.0"
    check_hosts(fields.get("host", []), http_1_0=http_1_0)
    length = body_length(
        fields.get("content-length", []), fields.get("transfer-encoding", []), http_1_0=http_1_0
    )
    expectations = fields.get("expect", [])
    if any(each.lower() != "100-continue" for each in expectations):
        raise BrokenRule(rules.EXPECTATION)
    options = members(fields.get("connection", ()))
    return RequestMessage(
        line,
        fields,
        length,
        keep_alive="close" not in options and (not http_1_0 or "keep-alive" in options),
        expects_continue=bool(expectations) and not http_1_0,
    )


def check_hosts(values: list[str], *, http_1_0: bool = False) -> None:
    """Check the Host fields of a request: one, and well-formed; HTTP/1.0 may have none.

    Raises:
        BrokenRule: They are not.
    """
    if len(values) == 1:
        check_host(values[0])
    elif values:
        raise BrokenRule(rules.HOST_REPEATED)
    elif not http_1_0:
        raise BrokenRule(rules.HOST_ABSENT)
