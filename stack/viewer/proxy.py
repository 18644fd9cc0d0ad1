"""Forwards one read to a backend over kept connections, and streams its answer back.

Headers of a backend do not reach the page, except the type of its answer.
"""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_CHUNK_BYTES: Final = 64 * 1024
_TIMEOUT_SECONDS: Final = 30.0
_KEPT_CONNECTIONS: Final = 8
MAX_BODY_BYTES: Final = 256 * 1024
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """A backend's answer; `body` has to be read to its end or closed."""

    status: int
    content_type: str
    body: Iterator[bytes]


@dataclass(slots=True)
class Upstream:
    """One backend.

    Args:
        host: of the loopback interface.
        port: where it listens.
    """

    host: str
    port: int
    _idle: list[http.client.HTTPConnection] = field(default_factory=list)

    def send(self, method: str, target: str, body: bytes, accept: str) -> Reply:
        """Send one request and return the answer.

        Args:
            method: GET or POST.
            target: path and query.
            body: a form; empty for none.
            accept: the types that the page takes.

        Raises: OSError or http.client.HTTPException when the backend does not answer.
        """
        headers = {"Accept": accept or "application/json"}
        if method == "POST":
            headers["Content-Type"] = FORM
        # A kept connection may have been closed by the backend: a read can be sent again.
        while self._idle:
            connection = self._idle.pop()
            try:
                return self._exchange(connection, method, target, body, headers)
            except (OSError, http.client.HTTPException):
                connection.close()
        fresh = http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT_SECONDS)
        return self._exchange(fresh, method, target, body, headers)

    def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: bytes,
        headers: dict[str, str],
    ) -> Reply:
        connection.request(method, target, body or None, headers)
        response = connection.getresponse()
        kind = response.getheader("Content-Type", "application/octet-stream")
        return Reply(response.status, kind, self._read(connection, response))

    def _read(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> Iterator[bytes]:
        try:
            while chunk := response.read(_CHUNK_BYTES):
                yield chunk
        finally:
            if response.isclosed() and not response.will_close and self._has_room():
                self._idle.append(connection)
            else:
                connection.close()

    def _has_room(self) -> bool:
        return len(self._idle) < _KEPT_CONNECTIONS
