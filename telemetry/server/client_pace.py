"""How long a server waits for its client: for a head, for a body, and for a response to be read.

Only time in which the server waits counts, so the silence of an application is no slowness of its
client. A body or a response has two bounds: a slowest rate, measured over each period of waiting,
and a longest wait for the whole. The rate alone would allow 25 MiB to take half a day; the whole
alone would let a client that stalls keep its place for all of it. Nothing here knows a socket.

Source: RFC 9110, section 15.5.9 (408); Apache's mod_reqtimeout and Kestrel's MinRequestBodyDataRate
for a rate with a grace.
"""

import errno
from collections.abc import Callable
from typing import Literal

from telemetry.config import TelemetryConfig

Part = Literal["head", "body", "response"]
Reason = Literal["head", "body", "response", "drain"]


class ClientFailure(OSError):
    """A client's connection failed, or the client did; never the server's or the app's mistake."""


class ClientTooSlow(ClientFailure, TimeoutError):
    """A client took longer than it may.

    Args:
        part: What the server waited for.
        reason: The bound that was reached: that of the part, or the end of a drain.
    """

    def __init__(self, part: Part, reason: Reason | None = None) -> None:
        super().__init__(errno.ETIMEDOUT, f"the client was too slow: {part}")
        self.part = part
        self.reason: Reason = reason or part


class ClientGone(ClientFailure, ConnectionError):
    """A client left in the middle of its request or of the response."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client has gone")


class NoRequest(Exception):
    """A connection was idle for as long as it may be."""


class Pace:
    """The bounds of one body or one response.

    Args:
        part: For the exception.
        whole_seconds: Longest wait for the whole.
        stall_seconds: Period of waiting over which the rate is measured.
        bytes_per_second: Slowest rate; with 0 one byte in a period is enough.
    """

    __slots__ = ("_moved", "_needed", "_part", "_period", "_stall", "_total", "_whole")

    def __init__(
        self, part: Part, whole_seconds: float, stall_seconds: float, bytes_per_second: float
    ) -> None:
        self._part = part
        self._whole = whole_seconds
        self._stall = stall_seconds
        self._needed = max(1.0, bytes_per_second * stall_seconds)
        self.restart()

    def restart(self) -> None:
        """Begin with the next body or response."""
        self._total = self._period = 0.0
        self._moved = 0

    def left_seconds(self, _now: float = 0.0) -> float:
        """Return how long the server may wait now.

        Raises:
            ClientTooSlow: No longer.
        """
        if self._period >= self._stall:
            if self._moved < self._needed:
                raise ClientTooSlow(self._part)
            self._period, self._moved = 0.0, 0
        if self._total >= self._whole:
            raise ClientTooSlow(self._part)
        return min(self._stall - self._period, self._whole - self._total)

    def waited(self, seconds: float, moved: int, _now: float = 0.0) -> None:
        """Add a wait.

        Args:
            seconds: Its duration.
            moved: Bytes that the client sent or took in it.
        """
        self._period += seconds
        self._total += seconds
        self._moved += moved


class HeadWait:
    """The wait for a request and its head.

    Args:
        head_seconds: From the first byte to the end of the head.
    """

    __slots__ = ("_deadline", "_seconds", "begun")

    def __init__(self, head_seconds: float) -> None:
        self._seconds = head_seconds
        self._deadline = float("inf")
        self.begun = False

    def restart(self, now: float, idle_seconds: float, *, begun: bool) -> None:
        """Wait for the next request.

        Args:
            now: Monotonic seconds.
            idle_seconds: Longest time to its first byte.
            begun: Its first bytes came with the request before: its time runs already.
        """
        self.begun = begun
        self._deadline = now + (self._seconds if begun else idle_seconds)

    def left_seconds(self, now: float) -> float:
        """Return how long the server may wait now.

        Raises:
            NoRequest: Not a byte came in time.
            ClientTooSlow: The head took too long.
        """
        left = self._deadline - now
        if left > 0:
            return left
        if self.begun:
            raise ClientTooSlow("head")
        raise NoRequest

    def waited(self, _seconds: float, moved: int, now: float) -> None:
        """Note what came; the first byte begins the head's own time."""
        if moved and not self.begun:
            self.begun = True
            self._deadline = now + self._seconds


class ClientBounds:
    """What every client of one process may take.

    Args:
        config: Holds the settings.
        on_too_slow: Called with the peer's address and the exception, once for each client that
            was too slow.
    """

    def __init__(
        self, config: TelemetryConfig, on_too_slow: Callable[[str, ClientTooSlow], object]
    ) -> None:
        self.on_too_slow = on_too_slow
        self.idle_seconds = config.keepalive_seconds
        self._head_seconds = config.request_head_seconds
        self._body_seconds = config.request_body_seconds
        self._response_seconds = config.response_seconds
        self._rate = (config.client_stall_seconds, config.client_bytes_per_second)

    def head(self) -> HeadWait:
        """Return the bounds of one connection's heads."""
        return HeadWait(self._head_seconds)

    def body(self) -> Pace:
        """Return the bounds of one connection's request bodies."""
        return Pace("body", self._body_seconds, *self._rate)

    def response(self) -> Pace:
        """Return the bounds of one connection's responses."""
        return Pace("response", self._response_seconds, *self._rate)
