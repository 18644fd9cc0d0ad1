"""A proxy before a MongoDB: it reads the commands that pass, and can delay their responses."""

import struct
from typing import Any, Self

import bson
import gevent
from gevent import socket
from gevent.server import StreamServer

OP_MSG = 2013
HEADER = 16


class WireProxy:
    """Listens on a free port of the loopback interface; as a context manager.

    Args:
        port: Of the MongoDB.

    Attributes:
        delay_seconds: By name of a command: how long its response is held back.
        commands: The documents that clients sent, handshakes included.
        took_seconds: From the arrival of each command to the departure of its response, by name.
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self.delay_seconds: dict[str, float] = {}
        self.commands: list[dict[str, Any]] = []
        self.took_seconds: list[tuple[str, float]] = []

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self._server.server_port}"

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the commands of that name."""
        return [command for command in self.commands if next(iter(command)) == name]

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=1)

    def _serve(self, client: Any, _: object) -> None:
        with socket.create_connection(("127.0.0.1", self._upstream)) as server:
            while message := _message(client):
                arrived = gevent.get_hub().loop.now()
                command = _document(message)
                if command is not None:
                    self.commands.append(command)
                name = next(iter(command or {}), "")
                server.sendall(message)
                response = _message(server)
                gevent.sleep(self.delay_seconds.get(name, 0.0))
                client.sendall(response)
                self.took_seconds.append((name, gevent.get_hub().loop.now() - arrived))


def _message(connection: Any) -> bytes:
    """Read one message of the wire protocol; nothing at the end of the stream."""
    header = _exactly(connection, HEADER)
    if len(header) < HEADER:
        return b""
    (length,) = struct.unpack_from("<i", header)
    return header + _exactly(connection, length - HEADER)


def _exactly(connection: Any, length: int) -> bytes:
    received = b""
    while len(received) < length:
        try:
            part = connection.recv(length - len(received))
        except OSError:
            part = b""
        if not part:
            break
        received += part
    return received


def _document(message: bytes) -> dict[str, Any] | None:
    """Return the document of an OP_MSG: its section of kind 0."""
    if struct.unpack_from("<i", message, 12)[0] != OP_MSG or message[HEADER + 4] != 0:
        return None
    start = HEADER + 5
    (length,) = struct.unpack_from("<i", message, start)
    return bson.decode(message[start : start + length])
