"""One connection of the management port, served by a native thread of its own.

Reads requests and writes answers within limits. Whatever the client does ends here: a broken
connection is closed, and that is all.
"""

import _socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from telemetry.guard import Guard
from telemetry.management.protocol import (
    END_OF_HEAD,
    ProtocolError,
    Request,
    Response,
    parse,
    problem,
)

Answer = Callable[[Request], Response]
RECEIVE_BYTES: Final = 8192
LINGER_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may use up; bytes and seconds.

    Args:
        connections: At once; a further one takes the place of the one that has been waiting for a
            request for longest.
        head_bytes: Request line and headers.
        head_seconds: From the first byte of a request to the end of its head.
        idle_seconds: Between requests.
        send_seconds: For one answer.
    """

    connections: int = 8
    head_bytes: int = 16_384
    head_seconds: float = 5.0
    idle_seconds: float = 75.0
    send_seconds: float = 10.0


class Connection:
    """One accepted socket.

    Args:
        accepted: The socket; closed when the connection ends.
        client: Address of the peer.
        answer: Called with each request.
        guard: For native threads.
        limits: What the client may use up.
        among: The connections that there are; this one is among them until it ends.
    """

    def __init__(
        self,
        accepted: _socket.socket,
        client: str,
        answer: Answer,
        guard: Guard,
        limits: Limits,
        among: set["Connection"],
    ) -> None:
        self.waiting_since: float | None = time.monotonic()
        """Monotonic seconds since which it waits for a request; ``None`` while it answers one, or
        is to end.
        """
        self._socket = accepted
        self._client = client
        self._answer = answer
        self._guard = guard
        self._limits = limits
        self._among = among
        self._received = b""
        among.add(self)

    def run(self) -> None:
        """Serve requests until the connection ends."""
        try:
            with self._guard.at("management.connection"):
                while self._serve_one():
                    pass
        finally:
            self.close()

    def refuse(self) -> None:
        """Say that there is no room, and close."""
        self._send(problem(503, "Too many connections are being answered."), keep_alive=False)
        self.close()

    def shut(self) -> None:
        """End it from another thread; whoever reads or writes on it wakes up."""
        self.waiting_since = None
        try:
            self._socket.shutdown(_socket.SHUT_RDWR)
        except OSError:  # it ended by itself
            return

    def close(self) -> None:
        """Give the socket back."""
        self._among.discard(self)
        self._socket.close()

    def _serve_one(self) -> bool:
        try:
            head = self._read_head()
            if head is None:
                return False
            request = parse(head, self._client)
        except ProtocolError as error:
            return self._send(error.response, keep_alive=False) and self._linger()
        response = problem(500, "The answer failed; the log has the reason.")
        with self._guard.at("management.answer"):
            response = self._answer(request)
        sent = self._send(
            response, keep_alive=request.keep_alive, with_body=request.method != "HEAD"
        )
        if request.has_body:
            return self._linger()
        return sent and request.keep_alive

    def _read_head(self) -> bytes | None:
        self.waiting_since = time.monotonic()
        self._received = self._received.lstrip(b"\r\n")
        deadline = self.waiting_since + (
            self._limits.head_seconds if self._received else self._limits.idle_seconds
        )
        while END_OF_HEAD not in self._received:
            if len(self._received) > self._limits.head_bytes:
                raise ProtocolError(
                    431, f"A request's head may have {self._limits.head_bytes} bytes."
                )
            try:
                self._socket.settimeout(max(0.001, deadline - time.monotonic()))
                more = self._socket.recv(RECEIVE_BYTES)
            except TimeoutError:
                if self._received:
                    raise ProtocolError(
                        408, f"A request's head may take {self._limits.head_seconds} s."
                    ) from None
                return None
            except OSError:  # the client broke the connection
                return None
            if not more:
                return None
            if not self._received:
                deadline = time.monotonic() + self._limits.head_seconds
            self._received += more
        self.waiting_since = None
        head, _, self._received = self._received.partition(END_OF_HEAD)
        if len(head) > self._limits.head_bytes:
            raise ProtocolError(431, f"A request's head may have {self._limits.head_bytes} bytes.")
        return head

    def _send(self, response: Response, *, keep_alive: bool, with_body: bool = True) -> bool:
        deadline = time.monotonic() + self._limits.send_seconds
        try:
            # Head and body go out in pieces: without this each small one waits for the one before
            # to be acknowledged.
            self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            for piece in _pieces(response, keep_alive, with_body):
                self._socket.settimeout(max(0.001, deadline - time.monotonic()))
                self._socket.sendall(piece)
        except OSError:  # the client has gone, or does not read
            return False
        return True

    def _linger(self) -> bool:
        """Let the answer arrive: closing with unread bytes would reset the connection under it."""
        deadline = time.monotonic() + LINGER_SECONDS
        try:
            self._socket.shutdown(_socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(RECEIVE_BYTES):
                    break
        except OSError:  # the client has gone
            return False
        return False


def _pieces(response: Response, keep_alive: bool, with_body: bool) -> Iterator[bytes]:
    head = response.head(keep_alive=keep_alive)
    if not with_body or not response.body:
        yield head
        return
    yield head + response.body[0]
    yield from response.body[1:]
