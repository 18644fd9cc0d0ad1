"""gunicorn's request, held to the rules of ``telemetry.http1`` where its own are laxer.

gunicorn parses. What it would pass on and we refuse is checked here, on values that it has decoded
already; what it refuses itself is given our words. Each check is one regular expression on a short
value, because every request pays for it. So it does for gunicorn's own work: a header line that it
has accepted before is not parsed again, a head that came whole is split at once, and the headers of
the connection's request before are understood as there.
"""

import io
from functools import lru_cache
from typing import Any, Final, cast

from gunicorn.http import errors
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.message import Request

from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.http1 import rules
from telemetry.http1.chunked import ChunkedReader
from telemetry.http1.fields import members, parse_fields
from telemetry.http1.framing import CHUNKED, body_length
from telemetry.http1.request import (
    check_first_byte,
    check_hosts,
    parse_request_line,
    skip_empty_lines,
)
from telemetry.http1.rules import BrokenRule
from telemetry.http1.targets import check_host

_CHECKED: Final = frozenset(
    {"CONNECTION", "CONTENT-LENGTH", "CONTENT-TYPE", "COOKIE", "HOST", "TRANSFER-ENCODING"}
)
_NONE: Final[list[str]] = []
_UNTRUSTED: Final[tuple[dict[str, str], list[str]]] = ({}, [])
_check_known_host: Final = lru_cache(maxsize=256)(check_host)


class _UnreaderStream:
    """gunicorn's source of bytes as a stream of lines and pieces."""

    def __init__(self, unreader: Any) -> None:
        self._unreader = unreader
        self._held = b""

    def readline(self, size: int) -> bytes:
        while (end := self._held.find(b"\n", 0, size) + 1) == 0 and len(self._held) < size:
            more = self._unreader.read()
            if not more:
                break
            self._held += more
        end = end or size
        line, self._held = self._held[:end], self._held[end:]
        return line

    def read1(self, size: int) -> bytes:
        data: bytes = self._held or self._unreader.read(None, size)
        self._held = data[size:]
        return data[:size]

    def put_back(self) -> None:
        """Leave what follows the body to the next request."""
        self._unreader.unread(self._held)
        self._held = b""


class NoBody(io.BytesIO):
    """The body of a request that announces none, as the app reads it."""

    failed = False
    reader: Final = LengthReader(None, 0)


class StrictRequest(Request):  # type: ignore[misc]
    """A request whose target, host and framing every reader understands alike.

    Args:
        cfg: Of the worker.
        unreader: Where it is read from.
        peer_addr: The client's address.
        req_number: Of the connection's requests; the first is 1.

    Raises:
        BrokenRule: It is refused.
    """

    cfg: ParserSettings
    unreader: Any
    headers: list[tuple[str, str]]
    trailers: list[tuple[str, str]]
    version: tuple[int, int]
    scheme: str
    must_close: bool
    authority = ""
    chunked = False
    """Whether the body is sent in chunks."""
    has_body = False
    """Whether a body is announced."""
    repeats = False
    """Whether its headers are those of the request before, the same list."""
    _header_lines = b""
    """Those after which a request with the same lines is understood alike."""

    def __init__(
        self, cfg: ParserSettings, unreader: Any, peer_addr: Any, req_number: int = 1
    ) -> None:
        # Not gunicorn's constructors: what they make of the settings is the same each time.
        self.__dict__ = cfg.request_attributes.copy()
        self.unreader, self.req_number = unreader, req_number
        self.peer_addr = self.remote_addr = peer_addr
        self.headers, self.trailers = [], []
        unused = self.parse(unreader)
        if unused:
            unreader.unread(unused)
        if not self.repeats:
            self.set_body_reader()

    def parse(self, unreader: Any) -> Any:
        """Parse a head; returns what follows it."""
        if self._use_fast or (self.req_number == 1 and self.cfg.proxy_protocol != "off"):
            return super().parse(unreader)
        data = unreader.read()
        if not data:
            raise StopIteration
        line_end, end = data.find(b"\r\n"), data.find(b"\r\n\r\n")
        # A head that has no header, is not whole, has an empty line before it or is too long.
        if end <= line_end or not line_end or line_end > self.limit_request_line > 0:
            unreader.unread(data)
            return super().parse(unreader)
        try:
            self.parse_request_line(data[:line_end])
        except BrokenRule:
            check_first_byte(data)  # has the better word for what is no request at all
            raise
        lines = data[line_end + 2 : end]
        before: StrictRequest | None = getattr(unreader, "last_request", None)
        if (
            before is not None
            and before._header_lines == lines
            and before.version == self.version
            and not self.authority
        ):
            self._repeat(before)
        else:
            self.headers = self.parse_headers(lines)
            self._header_lines = lines
        return data[end + 4 :]

    def _repeat(self, before: "StrictRequest") -> None:
        """Take over what was understood of the same header lines."""
        self.repeats = True
        self.headers, self._header_lines = before.headers, before._header_lines
        self.scheme, self.must_close = before.scheme, before.must_close
        self.body = NoBody()
        self.unreader.last_request = self

    def _parse_python(self, unreader: Any, buf: bytearray) -> Any:
        # A TLS handshake and the like are refused without waiting for more.
        if buf[:1] == b"\r":
            while (begun := skip_empty_lines(bytes(buf))) in (b"", b"\r"):
                self.read_into(unreader, buf)
            buf = bytearray(begun)
        if buf:
            check_first_byte(buf)
        return super()._parse_python(unreader, buf)

    def _handle_proxy_protocol(self, unreader: Any, buf: bytearray, mode: str) -> Any:
        rest = super()._handle_proxy_protocol(unreader, buf, mode)
        if self.proxy_protocol_info is not None and not rest:
            # The line announces a connection, which may wait for its first request.
            unreader.sock.arrival.restart()
        return rest

    def _peer_trusted_for_forwarded(self) -> Any:
        # A name with an underscore is never a proxy's: SCRIPT_NAME would decide the app's path.
        if not self.cfg.secure_scheme_headers:
            return _UNTRUSTED
        scheme_headers, _ = super()._peer_trusted_for_forwarded()
        return scheme_headers, []

    def parse_request_line(self, line_bytes: bytes) -> None:
        """Parse the first line by our rules."""
        line = parse_request_line(line_bytes)
        self.method, self.uri, version, self.path, self.query, self.authority = line
        self.fragment = ""
        # A later 1.x is answered as 1.1, the highest that we speak.
        self.version = (1, 0) if version == "HTTP/1.0" else (1, 1)

    def parse_headers(self, data: bytes, from_trailer: bool = False) -> list[tuple[str, str]]:
        """Parse the header lines; what gunicorn refuses is refused in our words."""
        # gunicorn does not count those that it drops.
        if data.count(b"\r\n") >= self.limit_request_fields:
            raise BrokenRule(rules.FIELDS_SIZE)
        try:
            return self._parse_unknown(data, from_trailer)
        except errors.ParseException:
            parse_fields(
                data.split(b"\r\n"),
                most=self.limit_request_fields,
                line_bytes=self.limit_request_field_size,
            )
            raise

    def _parse_unknown(self, data: bytes, from_trailer: bool) -> list[tuple[str, str]]:
        """Have gunicorn parse the lines that it has not parsed before."""
        if from_trailer or self.cfg.permit_obsolete_folding:
            return self._parse_lines(data, from_trailer)
        known = self.cfg.known_lines
        lines = data.split(b"\r\n")
        fields = [known.get(line) for line in lines]
        if None not in fields:
            return cast(list[tuple[str, str]], fields)
        unknown = [line for line, field in zip(lines, fields, strict=True) if field is None]
        parsed = self._parse_lines(b"\r\n".join(unknown))
        if len(parsed) < len(unknown):  # it drops some
            return self._parse_lines(data)
        for line, field in zip(unknown, parsed, strict=True):
            known.keep(line, field)
        following = iter(parsed)
        return [field or next(following) for field in fields]

    def _parse_lines(self, data: bytes, from_trailer: bool = False) -> list[tuple[str, str]]:
        return cast(list[tuple[str, str]], super().parse_headers(data, from_trailer=from_trailer))

    def set_body_reader(self) -> None:
        """Check host, framing and persistence, then make the reader of the body."""
        if self._use_fast:
            version = ".".join(map(str, self.version))
            self.parse_request_line(f"{self.method} {self.uri} HTTP/{version}".encode("latin-1"))
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            if name in _CHECKED:
                found.setdefault(name, []).append(value)
        http_1_0 = self.version == (1, 0)
        hosts = found.get("HOST", _NONE)
        if len(hosts) == 1:
            _check_known_host(hosts[0])
        else:
            check_hosts(hosts, http_1_0=http_1_0)
        if len(found.get("CONTENT-TYPE", _NONE)) > 1:
            raise BrokenRule(rules.REPEATED)
        if "CONTENT-LENGTH" in found or "TRANSFER-ENCODING" in found:
            self._frame_body(found, http_1_0=http_1_0)
        else:
            self.body = NoBody()
        # gunicorn reads only the first field, and only when it has one option.
        if "CONNECTION" in found and "close" in members(found["CONNECTION"]):
            self.force_close()
        self._replace_joined(found)
        if self._header_lines and not (
            self.has_body or self._expected_100_continue or self.authority
        ):
            self.unreader.last_request = self

    def _frame_body(self, found: dict[str, list[str]], *, http_1_0: bool) -> None:
        length = body_length(
            found.get("CONTENT-LENGTH", _NONE),
            found.get("TRANSFER-ENCODING", _NONE),
            http_1_0=http_1_0,
        )
        self.has_body = bool(length)
        if not length:
            self.body = NoBody()
        elif length == CHUNKED:
            self.chunked = True
            stream = _UnreaderStream(self.unreader)
            self.body = Body(ChunkedReader(stream, stream.put_back))
        else:
            self.body = Body(LengthReader(self.unreader, length))

    def _replace_joined(self, found: dict[str, list[str]]) -> None:
        # The host of a target that is a URL counts more than the header.
        if self.authority:
            self._replace("HOST", self.authority)
        # gunicorn would join them by a comma (RFC 9113, section 8.2.3).
        if len(found.get("COOKIE", _NONE)) > 1:
            self._replace("COOKIE", "; ".join(found["COOKIE"]))

    def _replace(self, name: str, value: str) -> None:
        self.headers = [pair for pair in self.headers if pair[0] != name]
        self.headers.append((name, value))

    def should_close(self) -> bool:
        """Return whether the client wants the connection closed after the response."""
        return self.must_close or (self.version == (1, 0) and bool(super().should_close()))
