"""Readiness probes: one request to a backend, bounded by a time-out.

A listening port proves nothing (the kernel accepts for a process that hangs), so HTTP must answer
200, and the wire protocols of MongoDB and Redis a ping. The pings are written by hand: MongoDB's
whole message is 16 fixed fields, and a driver would start a pool and its threads for each probe.
"""

import http.client
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

_OP_MSG = 2013
_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Whether a backend is ready, and a few words on its answer."""

    ready: bool
    detail: str


def probe(url: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> ProbeResult:
    """Probe `url` once: http:// must answer 200, mongodb:// and redis:// a ping."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        if parts.scheme == "mongodb":
            return _ping(host, port, timeout_seconds)
        if parts.scheme == "redis":
            return _redis_ping(host, port, timeout_seconds)
        return _get(host, port, parts.path or "/", timeout_seconds)
    except (OSError, http.client.HTTPException) as error:
        return ProbeResult(False, f"does not answer ({type(error).__name__})")


def _get(host: str, port: int, path: str, timeout_seconds: float) -> ProbeResult:
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        status = connection.getresponse().status
    finally:
        connection.close()
    return ProbeResult(status == http.client.OK, f"answers {status}")


def _redis_ping(host: str, port: int, timeout_seconds: float) -> ProbeResult:
    # Redis serialization protocol, an inline command and a simple string.
    with socket.create_connection((host, port), timeout_seconds) as connection:
        connection.sendall(b"PING\r\n")
        answer = connection.recv(7, socket.MSG_WAITALL)
    ok = answer == b"+PONG\r\n"
    return ProbeResult(ok, "answers PING" if ok else "refuses PING")


def _ping(host: str, port: int, timeout_seconds: float) -> ProbeResult:
    # MongoDB wire protocol, OP_MSG, with the BSON 1.1 document {ping: 1, $db: "admin"}.
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
            return ProbeResult(False, "closed the connection")
        length = struct.unpack("<i", header[:4])[0]
        answer = connection.recv(length - 16, socket.MSG_WAITALL)
    # Success is the BSON double `ok` of 1: type 1, its name, its value.
    ok = b"\x01ok\x00" + struct.pack("<d", 1.0) in answer
    return ProbeResult(ok, "answers ping" if ok else "refuses ping")
