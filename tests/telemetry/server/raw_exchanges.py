"""A client that sends bytes as they are, and reads what comes back."""

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import Any

from tests.machine import PATIENCE_SECONDS


@dataclass(frozen=True)
class RawResponse:
    """One response as it was received."""

    version: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RawConnection:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.reader = self.socket.makefile("rb")

    def __enter__(self) -> "RawConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self.socket.close()

    def send(self, data: bytes) -> "RawConnection":
        """Send all of it; a server that has closed already is no error here."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)
        return self

    def response(self, *, head_only: bool = False) -> RawResponse | None:
        """Receive one response; ``None`` when the server closed instead."""
        first = self.reader.readline().decode()
        if not first:
            return None
        version, status, _ = first.split(" ", 2)
        headers: dict[str, str] = {}
        for line in iter(self.reader.readline, b"\r\n"):
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            assert name not in headers, name
            headers[name] = value
        body = b"" if head_only else self._body(headers)
        return RawResponse(version, int(status), headers, body)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("Transfer-Encoding") != "chunked":
            return self.reader.read(int(headers.get("Content-Length", 0)))
        return self.chunks()

    def chunks(self) -> bytes:
        """Receive a body in chunks, to its end."""
        body = b""
        while size := int(self.reader.readline(), 16):
            body += self.reader.read(size)
            self.reader.readline()
        self.reader.readline()
        return body

    def rest(self) -> bytes:
        """Receive what else the server sends until it closes."""
        with contextlib.suppress(ConnectionResetError):
            return self.reader.read()
        return b""
