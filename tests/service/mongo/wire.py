"""A proxy in front of MongoDB that answers chosen commands itself, as a server in trouble does.

Source: MongoDB wire protocol, OP_MSG.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bson
import gevent
from gevent.server import StreamServer

OP_MSG = 2013
HEADER = struct.Struct("<iiii")
SILENCE = "silence"
CLOSE = "close"


class Proxy:
    """Forwards to a server, except the commands that have an answer.

    Args:
        address: Of the server.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self.answers: dict[str, Any] = {}
        """By command: a document to reply with, ``SILENCE`` or ``CLOSE``."""
        self.seen: Counter[str] = Counter()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def _serve(self, client: Any, _: Any) -> None:
        with client, gevent.socket.create_connection(self._address) as server:
            back = gevent.spawn(_copy, server, client)
            try:
                while self._forward_one(client, server):
                    pass
            except OSError:
                pass
            finally:
                back.kill()

    def _forward_one(self, client: Any, server: Any) -> bool:
        header = exactly(client, HEADER.size)
        if not header:
            return False
        length, request_id, _, code = HEADER.unpack(header)
        body = exactly(client, length - HEADER.size)
        command = _command(code, body)
        self.seen[command] += 1
        answer = self.answers.get(command)
        if answer == CLOSE:
            return False
        if isinstance(answer, dict):
            client.sendall(op_msg(request_id, answer))
        elif answer != SILENCE:
            server.sendall(header + body)
        return True


@contextmanager
def proxy(address: tuple[str, int]) -> Iterator[Proxy]:
    """Run a proxy during the block."""
    found = Proxy(address)
    found._server.start()
    try:
        yield found
    finally:
        found._server.stop(timeout=0)


def _command(code: int, body: bytes) -> str:
    if code != OP_MSG or body[4] != 0:
        return ""
    (size,) = struct.unpack_from("<i", body, 5)
    return next(iter(bson.decode(body[5 : 5 + size])))


def op_msg(request_id: int, document: dict[str, Any]) -> bytes:
    """Return the message that answers a request with a document."""
    body = struct.pack("<ib", 0, 0) + bson.encode(document)
    return HEADER.pack(HEADER.size + len(body), 1, request_id, OP_MSG) + body


def exactly(connection: Any, size: int) -> bytes:
    """Receive so many bytes; none where the connection ends before."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return b""
        data += part
    return data


def _copy(source: Any, target: Any) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
