"""Clients that take their time, abort or stop reading; plain sockets without a library."""

import re
import socket
import struct
import time
from dataclasses import dataclass

from tests.machine import PATIENCE_SECONDS

STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d) ")
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n'
    b"Content-Type: text/plain\r\n\r\nbeginning"
)


@dataclass(frozen=True)
class End:
    """How a connection ended for its client: what it received, when, and whether by a reset."""

    received: bytes
    seconds: float
    reset: bool = False

    @property
    def status(self):
        """Status of the last response; ``None`` without one."""
        return int(found[-1]) if (found := STATUS.findall(self.received)) else None

    @property
    def responses(self):
        """Number of responses."""
        return len(STATUS.findall(self.received))


def connect(port, *, receive_bytes=None):
    """Connect; with a receive buffer so small that the server soon waits."""
    client = socket.socket()
    if receive_bytes is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(PATIENCE_SECONDS)
    client.connect(("127.0.0.1", port))
    return client


def post(path, length, *, kind="application/octet-stream", version="1.1", extra=b""):
    """The head of a POST."""
    framing = f"Content-Length: {length}" if isinstance(length, int) else length
    head = f"POST {path} HTTP/{version}\r\nHost: x\r\nContent-Type: {kind}\r\n{framing}\r\n"
    return head.encode() + extra + b"\r\n"


def drip(port, *beginning, rest=b"", every=0.1, times=10_000, most_seconds=60.0):
    """Send the beginning, then ``rest`` again and again, until the server ends the connection."""
    with connect(port) as client:
        client.sendall(b"".join(beginning))
        began, received = time.monotonic(), b""
        while time.monotonic() - began < most_seconds:
            client.settimeout(every)
            try:
                more = client.recv(65536)
            except TimeoutError:
                if rest and times:
                    times -= 1
                    try:
                        client.sendall(rest)
                    except OSError:
                        return End(received, time.monotonic() - began, reset=True)
                continue
            except OSError:
                return End(received, time.monotonic() - began, reset=True)
            if not more:
                return End(received, time.monotonic() - began)
            received += more
        return End(received, float("inf"))


def read_slowly(port, path, *, bytes_at_once, every, receive_bytes=4096, most_seconds=60.0):
    """Read a response a little at a time until it ends; with 0 bytes, not at all at first."""
    with connect(port, receive_bytes=receive_bytes) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        began, received = time.monotonic(), b""
        try:
            while time.monotonic() - began < most_seconds:
                time.sleep(every)
                # What was received before a reset could be read for long after it.
                if client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    return End(received, time.monotonic() - began, reset=True)
                if bytes_at_once:
                    more = client.recv(bytes_at_once)
                    if not more:
                        return End(received, time.monotonic() - began)
                    received += more
        except OSError:
            return End(received, time.monotonic() - began, reset=True)
        return End(received, float("inf"))


def abort(client):
    """Reset the connection."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def read_to_end(client):
    """All that the server sends; a reset is an end too."""
    received = b""
    try:
        while more := client.recv(65536):
            received += more
    except OSError:
        return received
    return received
