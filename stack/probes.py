"""Asks a backend whether it does its work. One question, one answer, never longer than the
time-out.

A listening port proves nothing (the kernel accepts for a process that hangs), so HTTP must answer
200 and MongoDB's wire protocol must answer a ping. The ping is written here by hand: the whole
message is 16 fixed fields, and a driver would bring a pool and its threads to each question.
"""

import http.client
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

_OP_MSG = 2013
_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it is there, and in a few words what it said."""

    ready: bool
    said: str


def ask(url: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> Answer:
    """Ask `url`: http:// for a 200, mongodb:// for an answered ping."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        if parts.scheme == "mongodb":
            return _ping(host, port, timeout_seconds)
        return _get(host, port, parts.path or "/", timeout_seconds)
    except (OSError, http.client.HTTPException) as error:
        return Answer(False, f"does not answer ({type(error).__name__})")


def _get(host: str, port: int, path: str, timeout_seconds: float) -> Answer:
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        status = connection.getresponse().status
    finally:
        connection.close()
    return Answer(status == http.client.OK, f"answers {status}")


def _ping(host: str, port: int, timeout_seconds: float) -> Answer:
    """Source: MongoDB wire protocol, OP_MSG; BSON 1.1 for the document {ping: 1, $db: "admin"}."""
    elements = (
        b"\x10ping\x00"
        + struct.pack("<i", 1)
        + b"\x02$db\x00"
        + struct.pack("<i", 6)
        + b"admin\x00"
    )
    document = struct.pack("<i", 4 + len(elements) + 1) + elements + b"\x00"
    body = struct.pack("<i", 0) + b"\x00" + document
    with socket.create_connection((host, port), timeout_seconds) as connection:
        connection.sendall(struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body)
        header = connection.recv(16, socket.MSG_WAITALL)
        if len(header) < 16:
            return Answer(False, "hung up")
        length = struct.unpack("<i", header[:4])[0]
        answer = connection.recv(length - 16, socket.MSG_WAITALL)
    # The double `ok` is 1 in a good answer: type 1, its name, its value.
    good = b"\x01ok\x00" + struct.pack("<d", 1.0) in answer
    return Answer(good, "answers ping" if good else "refuses ping")
