"""gunicorn's request, held to the rules of ``telemetry.http1`` where its own are laxer.

gunicorn parses. What it would pass on and we refuse is checked here, on values that it has decoded
already; what it refuses itself is given our words. Each check is one regular expression on a short
value, because every request pays for it. So it does for gunicorn's own work: a header line that it
has accepted before is not parsed again, and a head that came whole is split at once.
"""

from functools import lru_cache
from typing import Any, Final, cast

from gunicorn.http import errors
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.gunicorn.unreader import BytesUnreader
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
from telemetry.http1.rules import BrokenRule, MalformedBody, Rule
from telemetry.http1.targets import check_host

_RULES: Final[dict[type[Exception], Rule]] = {
    errors.LimitRequestLine: rules.LINE_LENGTH,
    errors.LimitRequestHeaders: rules.FIELDS_SIZE,
    errors.ExpectationFailed: rules.EXPECTATION,
    errors.UnsupportedTransferCoding: rules.CODING_UNKNOWN,
    errors.ObsoleteFolding: rules.FOLDING,
    errors.InvalidHeaderName: rules.FIELD_NAME,
    errors.InvalidRequestMethod: rules.REQUEST_LINE,
    errors.InvalidHTTPVersion: rules.VERSION,
    errors.InvalidSchemeHeaders: rules.SCHEME,
    errors.ForbiddenProxyRequest: rules.PROXY_FORBIDDEN,
    errors.InvalidProxyLine: rules.PROXY_LINE,
    errors.InvalidProxyHeader: rules.PROXY_LINE,
    # Raised where the path is not below the SCRIPT_NAME of a proxy or of the environment.
    errors.ConfigurationProblem: rules.SCRIPT_NAME,
}
_CHECKED: Final = frozenset(
    {"CONNECTION", "CONTENT-LENGTH", "CONTENT-TYPE", "COOKIE", "HOST", "TRANSFER-ENCODING"}
)
_NONE: Final[list[str]] = []
_UNTRUSTED: Final[tuple[dict[str, str], list[str]]] = ({}, [])
_check_known_host: Final = lru_cache(maxsize=256)(check_host)
_APP_ERRORS: Final = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
_HEADERS: Final = {
    "bare LF as line terminator": rules.LINE_END,
    "CONTENT-TYPE": rules.REPEATED,
    "HOST": rules.HOST_REPEATED,
}


def broken_rule(error: BaseException) -> Rule | None:
    """Return the rule that a request broke; ``None`` for what is no mistake of the client's.

    Args:
        error: Raised while the request was parsed.
    """
    if isinstance(error, BrokenRule):
        return error.rule
    if isinstance(error, _APP_ERRORS) or not isinstance(error, errors.ParseException):
        return None
    if isinstance(error, errors.InvalidRequestLine | errors.InvalidHeader):
        header = error.hdr if isinstance(error, errors.InvalidHeader) else error.req
        return _HEADERS.get(header, rules.UNREADABLE)
    return next(
        (rule for kind, rule in _RULES.items() if isinstance(error, kind)), rules.UNREADABLE
    )


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


class StrictRequest(Request):  # type: ignore[misc]
    """A request whose target, host and framing every reader understands alike.

    Raises:
        BrokenRule: It is refused.
    """

    cfg: ParserSettings
    headers: list[tuple[str, str]]
    authority = ""
    chunked = False
    """Whether the body is sent in chunks."""
    has_body = False
    """Whether a body is announced."""

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
        check_first_byte(data)
        self.parse_request_line(data[:line_end])
        self.headers = self.parse_headers(data[line_end + 2 : end])
        return data[end + 4 :]

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
        self.method, self.uri = line.method, line.target
        self.path, self.query, self.fragment = line.path, line.query, ""
        self.authority = line.authority
        # A later 1.x is answered as 1.1, the highest that we speak.
        self.version = (1, 0) if line.version == "HTTP/1.0" else (1, 1)

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
        length = body_length(
            found.get("CONTENT-LENGTH", _NONE),
            found.get("TRANSFER-ENCODING", _NONE),
            http_1_0=http_1_0,
        )
        self.has_body = bool(length)
        if length == CHUNKED:
            self.chunked = True
            stream = _UnreaderStream(self.unreader)
            self.body = Body(ChunkedReader(stream, stream.put_back))
        else:
            self.body = Body(LengthReader(self.unreader, length or 0))
        # gunicorn reads only the first field, and only when it has one option.
        if "CONNECTION" in found and "close" in members(found["CONNECTION"]):
            self.force_close()
        self._replace_joined(found)

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


class StrictParser(RequestParser):  # type: ignore[misc]
    """The requests of one connection, which ends where the end of a body cannot be found.

    Args:
        settings: Of the worker.
        sock: The client's.
        peer: Its address.
    """

    mesg_class = StrictRequest

    def __init__(self, settings: ParserSettings, sock: Any, peer: Any) -> None:
        super().__init__(settings, sock, peer)
        self.unreader = BytesUnreader(sock)

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        """Discard what the app left of a body; returns whether the next request can be found."""
        if self.mesg is not None and not self.mesg.body.failed:
            reader = self.mesg.body.reader
            if isinstance(reader, LengthReader) and not reader.length:
                return True
        try:
            return bool(super().finish_body(deadline, max_bytes))
        except MalformedBody:
            return False
