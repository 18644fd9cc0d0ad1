"""A connection that an app takes over, as libraries for WebSocket do.

The server gives an app a socket that notices its first use. From then on the bytes on the
connection are the app's: the server writes nothing more, whatever the app returns or raises, and
closes the connection when the app has ended.
"""

import re
import socket
from collections.abc import Callable
from typing import Any, Final

from telemetry.environ_keys import HANDOVER_ENVIRON
from telemetry.requests.record import Outcome

_USES: Final = frozenset(
    {
        *("_sock", "close", "connect", "detach", "makefile", "recv_into", "recvfrom", "recvmsg"),
        *("recvfrom_into", "recvmsg_into", "sendfile", "sendmsg", "sendto", "shutdown"),
    }
)
"""Attributes whose use takes the connection over; ``fileno`` and options do not."""

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r]")
SWITCHING_PROTOCOLS: Final = 101


class Handover:
    """Whether the app of one request has taken its connection over.

    Args:
        on_take_over: Called once, before the app's first use of the socket.
    """

    __slots__ = ("_on_take_over", "_written", "status", "taken")

    def __init__(self, on_take_over: Callable[[], object]) -> None:
        self._on_take_over = on_take_over
        self._written = False
        self.taken = False
        self.status: int | None = None
        """Status of the response that the app wrote itself; ``None`` when it wrote none."""

    @property
    def upgraded(self) -> bool:
        """Whether the connection speaks another protocol than HTTP by now."""
        return self.status == SWITCHING_PROTOCOLS

    def take(self) -> None:
        """Note that the connection is the app's from now on."""
        if not self.taken:
            self.taken = True
            self._on_take_over()

    def wrote(self, data: Any) -> None:
        """Note the app's bytes, of which the first may be a status line."""
        if not self._written:
            self._written = True
            status = _STATUS_LINE.match(bytes(data[:16]))
            self.status = int(status[1]) if status else None
        self.take()


class AppSocket:
    """The client's socket as the app sees it.

    Args:
        client: The socket.
        handover: Notes the first use.
    """

    __slots__ = ("__weakref__", "_client", "_handover")

    def __init__(self, client: Any, handover: Handover) -> None:
        self._client = client
        self._handover = handover

    def send(self, data: Any, *flags: Any) -> Any:
        """Send some of the data."""
        self._handover.wrote(data)
        return self._client.send(data, *flags)

    def sendall(self, data: Any, *flags: Any) -> Any:
        """Send all of the data."""
        self._handover.wrote(data)
        return self._client.sendall(data, *flags)

    def recv(self, size: int, flags: int = 0) -> Any:
        """Receive; with ``MSG_PEEK`` that is no use, as it leaves the bytes to the server."""
        if not flags & socket.MSG_PEEK:
            self._handover.take()
        return self._client.recv(size, flags)

    def dup(self) -> "AppSocket":
        """Return another handle of the connection."""
        self._handover.take()
        return AppSocket(self._client.dup(), self._handover)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if name in _USES:
            self._handover.take()
        return value

    def __enter__(self) -> "AppSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def handover_of(environ: dict[str, Any]) -> Handover | None:
    """Return what is known of a request's handover; ``None`` under other servers."""
    found: Handover | None = environ.get(HANDOVER_ENVIRON)
    return found


def ended_by_app(environ: dict[str, Any], error: BaseException | None, *, started: bool) -> bool:
    """Return whether the app, not the server, has answered the request on its connection.

    Args:
        environ: Of the request.
        error: What the app raised. ``StopIteration`` before a response is gunicorn's convention for
            a connection that was taken over by a way that is not observed.
        started: The app has started a response through the server.
    """
    handover = handover_of(environ)
    if handover is not None and handover.taken:
        return True
    if started:
        return False
    return isinstance(error, StopIteration) or (error is None and "HTTP_UPGRADE" in environ)


def end_after_handover(error: BaseException) -> tuple[Outcome, BaseException | None]:
    """Return how a request ended whose app raised after it had taken the connection over."""
    if isinstance(error, StopIteration):
        return "completed", None
    if isinstance(error, OSError):
        return "client_disconnected", error
    return ("failed" if isinstance(error, Exception) else "killed"), error
