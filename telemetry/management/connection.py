"""One connection of the management port, served by a native thread of its own.

Reads requests and writes responses within limits. Whatever the client does ends here: a broken
connection is closed, and that is all.
"""

import _socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from telemetry.guard import Guard
from telemetry.http1 import rules
from telemetry.http1.request import Limits as HeadLimits
from telemetry.http1.request import skip_empty_lines, split_head
from telemetry.http1.rules import BrokenRule, Rule
from telemetry.management.protocol import Request, Response, parse_request, problem
from telemetry.sockets import begin_lingering_close

RequestHandler = Callable[[Request], Response]
Refuse = Callable[[Rule, str], bytes]
"""Records a refused request of the peer with that address; returns the response."""

RECEIVE_BYTES: Final = 8192
LINGER_SECONDS: Final = 0.5
SHORTEST_TIMEOUT_SECONDS: Final = 0.001
"""A socket's time-out of 0 would make it non-blocking."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may use; bytes and seconds.

    Args:
        connections: At once; a further one takes the place of the one that has been waiting for a
            request for longest.
        head_bytes: Request line and headers.
        head_seconds: From the first byte of a request to the end of its head.
        idle_seconds: Between requests.
        send_seconds: For one response.
    """

    connections: int = 8
    head_bytes: int = 16_384
    head_seconds: float = 5.0
    idle_seconds: float = 75.0
    send_seconds: float = 10.0

    @property
    def head(self) -> HeadLimits:
        """The limits of a request's head."""
        return HeadLimits(bytes=self.head_bytes)


class Connection:
    """One accepted socket.

    Args:
        accepted: The socket; closed when the connection ends.
        client: Address of the peer.
        handle_request: Called with each request.
        refuse: Called with the rule that a request breaks.
        guard: For native threads.
        limits: What the client may use.
        open_connections: The open connections; this one is among them until it ends.
    """

    def __init__(
        self,
        accepted: _socket.socket,
        client: str,
        handle_request: RequestHandler,
        *,
        refuse: Refuse,
        guard: Guard,
        limits: Limits,
        open_connections: set["Connection"],
    ) -> None:
        self.waiting_since: float | None = time.monotonic()
        """Monotonic seconds since which it waits for a request; ``None`` while it answers one or
        is about to end.
        """
        self._socket = accepted
        self._client = client
        self._handle_request = handle_request
        self._refuse = refuse
        self._guard = guard
        self._limits = limits
        self._open_connections = open_connections
        self._received = b""
        open_connections.add(self)

    def run(self) -> None:
        """Serve requests until the connection ends."""
        try:
            with self._guard.at("management.connection"):
                while self._serve_one():
                    pass
        finally:
            self.close()

    def reject(self) -> None:
        """Answer 503, because there are too many connections, and close."""
        self._send(problem(503, "Too many connections are being answered."), keep_alive=False)
        self.close()

    def shut(self) -> None:
        """End it from another thread; a read or write in progress returns."""
        self.waiting_since = None
        try:
            self._socket.shutdown(_socket.SHUT_RDWR)
        except OSError:  # it ended by itself
            return

    def close(self) -> None:
        """Release the socket."""
        self._open_connections.discard(self)
        self._socket.close()

    def _serve_one(self) -> bool:
        """Serve one request; returns whether the connection may serve another."""
        try:
            head = self._read_head()
            if head is None:
                return False
            request = parse_request(head, self._client, self._limits.head)
        except BrokenRule as error:
            self.waiting_since = None
            if self._send_pieces([self._refuse(error.rule, self._client)]):
                begin_lingering_close(self._socket, seconds=LINGER_SECONDS)
            return False
        response = problem(500, "The answer failed; the log has the reason.")
        with self._guard.at("management.answer"):
            response = self._handle_request(request)
        sent = self._send(
            response, keep_alive=request.keep_alive, with_body=request.method != "HEAD"
        )
        if request.has_body:
            begin_lingering_close(self._socket, seconds=LINGER_SECONDS)
        return sent and request.keep_alive

    def _read_head(self) -> bytes | None:
        """Read up to the end of a request's head; ``None`` when the connection ended instead."""
        self.waiting_since = time.monotonic()
        deadline = self.waiting_since + (
            self._limits.head_seconds if self._received else self._limits.idle_seconds
        )
        while True:
            split = split_head(skip_empty_lines(self._received), self._limits.head)
            if split is not None:
                self.waiting_since = None
                head, self._received = split
                return head
            more = self._receive(deadline)
            if not more:
                return None
            if not self._received:
                deadline = time.monotonic() + self._limits.head_seconds
            self._received += more

    def _receive(self, deadline: float) -> bytes:
        """Receive some bytes; none when the client closed, broke or forgot the connection."""
        try:
            self._set_timeout(deadline)
            return self._socket.recv(RECEIVE_BYTES)
        except TimeoutError:
            if self._received:
                raise BrokenRule(rules.HEAD_TIME) from None
            return b""
        except OSError:
            return b""

    def _send(self, response: Response, *, keep_alive: bool, with_body: bool = True) -> bool:
        """Send a response; returns whether the client took it."""
        return self._send_pieces(_pieces(response, keep_alive, with_body))

    def _send_pieces(self, pieces: Iterable[bytes]) -> bool:
        deadline = time.monotonic() + self._limits.send_seconds
        try:
            # Head and body go out in pieces: without this each small one waits for the one before
            # to be acknowledged. An inherited listener may not have it set.
            self._socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            for piece in pieces:
                self._set_timeout(deadline)
                self._socket.sendall(piece)
        except OSError:  # the client has gone, or does not read
            return False
        return True

    def _set_timeout(self, deadline: float) -> None:
        self._socket.settimeout(max(SHORTEST_TIMEOUT_SECONDS, deadline - time.monotonic()))


def _pieces(response: Response, keep_alive: bool, with_body: bool) -> Iterator[bytes]:
    head = response.head(keep_alive=keep_alive)
    if not with_body or not response.body:
        yield head
        return
    yield head + response.body[0]
    yield from response.body[1:]
