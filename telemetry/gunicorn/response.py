"""The response of gunicorn's worker: the same bytes, with its head and first part in one send.

It also closes the connection where gunicorn's own would not: after a response that an app wants to
be the last, and where the next request could not be found.

Source: PEP 3333, "The ``start_response`` callable"; RFC 9110, sections 5.5, 6.4 and 15; RFC 9112,
sections 6 and 7. What is checked and what is sent is as in ``gunicorn.http.wsgi.Response``.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from gunicorn.util import reraise

from telemetry.gunicorn.expect_continue import ExpectContinueBody
from telemetry.gunicorn.response_head import (
    DATE,
    LENGTH,
    LINES,
    STARTS,
    STATUSES,
    Headers,
    check_values,
    early_hints,
)
from telemetry.server.client_socket import ClientSocket

JOINED_BYTES: Final = 64 * 1024
"""Longest first part of a body that is copied behind its head."""

_BLANK: Final = " \t"
_OMITTING: Final = (204, 304)
_FIRST_FINAL: Final = 200

_log = logging.getLogger("gunicorn.http.wsgi")


class _Nowhere:
    """Stands in for the socket of a response that must not be sent any more."""

    def sendall(self, _data: bytes) -> None:
        """Drop the data."""


class Response:
    """The response to one request.

    Args:
        request: Parsed.
        client: The socket.
        body: The request's, as the app reads it.
        server: Value of the ``Server`` header.
    """

    takes_lines = True
    """``start_response`` takes prepared lines; see there."""

    __slots__ = (
        "_body",
        "_client",
        "_fields",
        "_length",
        "_must_close",
        "_omits_body",
        "_request",
        "_sent",
        "_server",
        "_sock",
        "_upgrades",
        "_warned",
        "chunked",
        "headers_sent",
        "status",
        "status_code",
    )

    def __init__(self, request: Any, client: ClientSocket, body: Any, server: str) -> None:
        self._request = request
        self._client = client
        self._sock: Any = client
        self._body = body
        self._server = server
        self._must_close = False
        self.status: str | None = None
        """The status line; ``None`` until the app starts the response."""
        self.headers_sent = False

    @property
    def follows_body(self) -> bool:
        """Whether the request announces a body, of which the client may still send some."""
        return bool(self._request.has_body)

    def force_close(self) -> None:
        """Make it the connection's last."""
        self._must_close = True

    def hand_over(self) -> None:
        """Leave the connection to the app; nothing of this response is sent any more."""
        self._sock = _Nowhere()
        self._must_close = True
        # The bounds are those of a request; how long a connection is silent is the app's matter.
        self._client.hand_over()

    def should_close(self) -> bool:
        """Return whether the connection has to be closed after it."""
        if self._must_close or self._request.should_close():
            return True
        return not (self.chunked or self._omits_body or self._length is not None)

    def start_response(
        self, status: str, headers: Headers, exc_info: Any = None, lines: str = ""
    ) -> Callable[[bytes], object]:
        """Begin with status and headers; returns ``write``.

        Args:
            status: Such as ``200 OK``.
            headers: Names and values.
            exc_info: Of the failure for which an app replaces what it began with.
            lines: Further headers, as lines that need no check; none is about the connection.

        Raises:
            AssertionError: It was begun before.
            TypeError: Something is no text.
            ValueError: The status or the length is malformed.
            InvalidResponseHeaderName: A name is.
            InvalidResponseHeader: A value is.
        """
        if exc_info:
            try:
                if self.headers_sent:
                    reraise(*exc_info)
            finally:
                exc_info = None
        elif self.status is not None:
            raise AssertionError("Response headers already set!")
        code = STATUSES[status]
        self.status, self.status_code = status, code
        # No body follows, whatever the app sends (RFC 9110, section 6.4.1).
        informs = 100 <= code < _FIRST_FINAL
        self._omits_body = informs or code in _OMITTING or self._request.method == "HEAD"
        self._length: int | None = None
        self._upgrades = self._warned = False
        self._sent = 0
        self._fields = self._read_headers(headers, code != _OMITTING[0] and not informs) + lines
        # Of a request that is HTTP/1.0 the response ends with the connection.
        self.chunked = (
            self._length is None and not self._omits_body and self._request.version != (1, 0)
        )
        # The next request could not be found behind this one, for three reasons. A client that was
        # not asked for its body may send it, or its next request: the two cannot be distinguished.
        # To find the next request behind a refused body we would have to read one that may have no
        # end. A client that was too slow may still send what it was given up for.
        if (
            (isinstance(self._body, ExpectContinueBody) and not self._body.requested)
            or (self._request.chunked and code >= 400)
            or self._client.too_slow is not None
        ):
            self._must_close = True
        return self.write

    def _read_headers(self, headers: Headers, keeps_length: bool) -> str:
        """Note what headers mean for the response; returns the lines of those that are sent."""
        known, fields = LINES, ""
        try:
            for name, value in headers:
                line = known.get((name, value))
                fields += self._read_unknown(name, value, keeps_length) if line is None else line
        except Exception:
            check_values(headers)  # an app learns first what is no header at all
            raise
        return fields

    def _read_unknown(self, name: str, value: str, keeps_length: bool) -> str:
        """As ``_read_headers``, for one that was not met before."""
        # By its characters: a subclass of str may have another text, and ``strip`` is its own.
        start, stripped = STARTS[name], str.strip(value, _BLANK)
        if not start:
            return self._read_special(name, stripped, keeps_length)
        check_values([(name, stripped)])
        line = f"{start}{stripped}\r\n"
        if type(name) is str and type(value) is str:
            LINES.keep((name, value), line)
        return line

    def _read_special(self, name: str, value: str, keeps_length: bool) -> str:
        """Note what a header means for the response; returns its line, if it is sent."""
        if value.isdigit() and value.isascii():
            # Nearly always; and then there is nothing in it to check.
            kind = name.lower()
        else:
            check_values([(name, value)])
            kind = name.lower()
        if kind == LENGTH:
            length = int(value)
            if not keeps_length:
                return ""
            self._length = length
        elif not self._read_hop_by_hop(kind, value.lower()):
            return ""
        return "".join((name, ": ", value, "\r\n"))

    def _read_hop_by_hop(self, kind: str, value: str) -> bool:
        """Note what a header means for the connection; returns whether it is sent."""
        if kind == "connection":
            self._upgrades = self._upgrades or value == "upgrade"
            self._must_close = self._must_close or value == "close"
        return kind == "upgrade" and value == "websocket"

    def write(self, data: bytes) -> None:
        """Send a part of the body.

        Raises:
            TypeError: It is no bytes.
            ClientFailure: The client is gone, or too slow.
        """
        head = b"" if self.headers_sent else self._head()
        if not isinstance(data, bytes):
            self._send(head)
            raise TypeError(f"{data!r} is not a byte")
        if self._omits_body:
            self._warn_of_body(data)
            data = b""
        elif self._length is not None:
            left = self._length - self._sent
            if len(data) > left:
                data = data[: max(0, left)]
            self._sent += len(data)
        elif self.chunked and data:
            # An empty chunk would be the end.
            data = b"%X\r\n%b\r\n" % (len(data), data)
        if head and len(data) > JOINED_BYTES:
            self._send(head)
            head = b""
        self._send(head + data if head else data)

    def close(self) -> None:
        """Send what is left of it."""
        head = b"" if self.headers_sent else self._head()
        self._send(head + b"0\r\n\r\n" if self.chunked else head)

    def send_early_hints(self, headers: Headers) -> None:
        """Send ``103 Early Hints``, where the client knows them and they are not too late.

        Args:
            headers: Names and values, ``Link`` for example.

        Raises:
            InvalidResponseHeaderName: A name is malformed.
            InvalidResponseHeader: A value is.

        Source: RFC 8297.
        """
        if self.headers_sent or self._request.version == (1, 0):
            return
        self._send(early_hints(headers))

    def _head(self) -> bytes:
        if self.status is None:
            raise RuntimeError("the app returned without starting a response")
        if self._upgrades:
            connection = "upgrade"
        else:
            connection = "close" if self.should_close() else "keep-alive"
        # What follows a head that was sent in part cannot be another response.
        self.headers_sent = True
        self._client.delivery.begin_response()
        return "".join(
            (
                "HTTP/1.1 " if self._request.version == (1, 1) else "HTTP/1.0 ",
                self.status,
                "\r\nServer: ",
                self._server,
                "\r\nDate: ",
                DATE.text(),
                "\r\nConnection: ",
                connection,
                "\r\nTransfer-Encoding: chunked\r\n" if self.chunked else "\r\n",
                self._fields,
                "\r\n",
            )
        ).encode("latin-1")

    def _send(self, data: bytes) -> None:
        if data:
            self._sock.sendall(data)

    def _warn_of_body(self, data: bytes) -> None:
        if data and not self._warned:
            self._warned = True
            _log.warning(
                "WSGI app sent body bytes on a no-body response "
                "(method=%s status=%s); dropping per RFC 9110.",
                self._request.method,
                self.status_code,
            )
