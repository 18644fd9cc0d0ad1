"""Sockets: opening a listener, and a lingering close.

Nothing here knows who is served. The listener is made by ``_socket``, which gevent does not patch,
because the management port accepts in a native thread.
"""

import _socket
import contextlib
import ctypes
import errno
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterable
from typing import Final, Protocol

MAX_PORT: Final = 65_535
UNIX_PREFIX: Final = "unix:"
"""Before the path of a Unix socket, where a host is expected."""
SO_TIMESTAMPNS: Final = 35
"""Linux's option, and the type of the ancillary data that it brings; Python does not name it."""
SO_ATTACH_FILTER: Final = 26
"""Linux's option; Python does not name it."""
_ALL_BUT_SYN: Final = (
    (0x30, 0, 0, 13),  # load the byte of the TCP header that holds the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone: the next instruction, else the one after it
    (0x06, 0, 0, 0),  # drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # take the packet
)
"""Instructions of a classic BPF program: code, jumps if true and if false, operand."""
LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 64 * 1024**2

NOT_STAMPED: Final = (
    "a request begins when its first bytes are read: the kernel does not note when it receives "
    "them here, so the time before is in no duration"
)
_CHUNK_BYTES: Final = 64 * 1024


class OptionSocket(Protocol):
    """What an option of the kernel needs of a socket, gevent's or native."""

    @property
    def family(self) -> int:
        """Return the address family."""

    def setsockopt(self, level: int, option: int, value: int | bytes, /) -> object:
        """Set an option."""


class PortError(OSError):
    """An address that cannot be listened on.

    Its text is one line: what for, where, why, and which setting changes it.
    """


def open_listener(host: str, port: int) -> _socket.socket:
    """Open a listening TCP socket that gevent knows nothing of.

    Args:
        host: Address or name of the interface.
        port: 0 to 65535; 0 lets the kernel choose.

    Returns:
        The socket, blocking, with TCP_NODELAY: accepted sockets inherit it, else responses on a
        kept connection wait 44 ms for an ACK.

    Raises:
        OSError: The address cannot be listened on.
    """
    if port > MAX_PORT:  # getaddrinfo would take it modulo 65536
        raise OSError(None, f"a port is at most {MAX_PORT}")
    family, kind, protocol, _, address = _socket.getaddrinfo(
        host, port, 0, _socket.SOCK_STREAM, 0, _socket.AI_PASSIVE
    )[0]
    listener = _socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        listener.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_socket.SOMAXCONN)
    except BaseException:
        listener.close()
        raise
    return listener


def open_unix_listener(path: str) -> _socket.socket:
    """Open a listening Unix socket that gevent knows nothing of.

    Args:
        path: Of its file. One that an ended process has left is replaced; any other file stays.

    Returns:
        The socket, blocking.

    Raises:
        OSError: The path cannot be listened on, or a process listens on it.
    """
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        if _is_left_socket(path):
            os.unlink(path)
        listener.bind(path)
        listener.listen(_socket.SOMAXCONN)
    except BaseException:
        listener.close()
        raise
    return listener


def stamp_arrivals(sock: OptionSocket) -> bool:
    """Let the kernel note when it receives what a socket reads; accepted sockets inherit it.

    Args:
        sock: A listener, or a connection.

    Returns:
        Whether it does: only Linux stamps what TCP receives, and no system what a Unix socket does.

    Source: socket(7), ``SO_TIMESTAMPNS``. Its number is another one on SPARC and PA-RISC.
    """
    if not _has_linux_options(sock):
        return False
    try:
        sock.setsockopt(_socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def ignore_new_clients(listener: OptionSocket) -> bool:
    """Let the kernel drop the first packet of each new connection to a listener.

    A connection that is complete when its listener is closed is reset, and a client that has sent a
    request on it cannot know whether it was handled. The kernel of a client whose first packet was
    dropped sends it again a second later, is refused by then, and the client may go elsewhere.

    Args:
        listener: Those that share it drop them too; connections that are complete or nearly so are
            accepted as before.

    Returns:
        Whether it does: only Linux can, and there is no such packet on a Unix socket.

    Source: socket(7), ``SO_ATTACH_FILTER``; the kernel's Documentation/networking/filter.rst. Its
    number is another one on SPARC and PA-RISC.
    """
    if not _has_linux_options(listener):
        return False
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _ALL_BUT_SYN)
    kept = ctypes.create_string_buffer(program, len(program))
    try:
        reference = struct.pack("HP", len(_ALL_BUT_SYN), ctypes.addressof(kept))
        listener.setsockopt(_socket.SOL_SOCKET, SO_ATTACH_FILTER, reference)
    except OSError:
        return False
    return True


def arrival_notices(listeners: Iterable[OptionSocket]) -> list[str]:
    """Let the kernel stamp what arrives at listeners; returns a line for the log where none does.

    Args:
        listeners: Sockets; connections that they accept from now on inherit it.
    """
    stamped = [stamp_arrivals(listener) for listener in listeners]
    return [] if all(stamped) else [NOT_STAMPED]


def _has_linux_options(sock: OptionSocket) -> bool:
    """Return whether the numbers of options above are those of a socket."""
    is_linux = sys.platform == "linux" and sock.family != _socket.AF_UNIX
    return is_linux and not os.uname().machine.startswith(("sparc", "parisc"))


def _is_left_socket(path: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            with contextlib.closing(_socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)) as probe:
                return probe.connect_ex(path) == errno.ECONNREFUSED
    return False


def listen(host: str, port: int, *, purpose: str, setting: str) -> socket.socket:
    """Open a listening socket, or fail with one line for the operator.

    Args:
        host: Address or name of the interface; ``unix:`` and a path for a Unix socket.
        port: 0 lets the kernel choose; a Unix socket has none.
        purpose: What the port is for, for the error.
        setting: Variable that changes the port, for the error.

    Returns:
        The socket of ``open_listener`` as a ``socket.socket``: gevent's own in a patched process.

    Raises:
        PortError: The address cannot be listened on.
    """
    if host.startswith(UNIX_PREFIX):
        try:
            return socket.socket(fileno=open_unix_listener(host.removeprefix(UNIX_PREFIX)).detach())
        except OSError as error:
            raise PortError(
                f"{purpose} cannot listen on {host}: {error.strerror or error}; "
                "set its host to another path"
            ) from None
    try:
        return socket.socket(fileno=open_listener(host, port).detach())
    except OSError as error:
        raise PortError(
            f"{purpose} cannot listen on {host}:{port}: {error.strerror}; "
            f"set {setting} to a free one"
        ) from None


class ReadableSocket(Protocol):
    """What a lingering close needs of a socket, gevent's or native."""

    def shutdown(self, how: int, /) -> object:
        """Close one direction, or both."""

    def settimeout(self, value: float | None, /) -> object:
        """Bound the next ``recv``; seconds."""

    def recv(self, bufsize: int, /) -> bytes:
        """Receive; empty at the end of the stream."""


def begin_lingering_close(
    client: ReadableSocket, *, seconds: float = LINGER_SECONDS, most_bytes: int = LINGER_BYTES
) -> None:
    """Stop sending and discard what arrives, until the client is done or the bounds are reached.

    A client may still be sending its body when its answer is complete. Closing at once would reset
    the connection and could destroy the answer before it is read; reading on for the next request
    would let a client occupy the server for ever.

    Args:
        client: Its answer is sent; the caller closes it afterwards.
        seconds: Longest time to discard.
        most_bytes: Most bytes to discard.

    Source: RFC 9112, section 9.6 (tear-down).
    """
    deadline = time.monotonic() + seconds
    # The client may be gone already, or never stop: either way nothing more is owed.
    with contextlib.suppress(OSError):
        client.shutdown(_socket.SHUT_WR)
        while most_bytes > 0 and (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            received = len(client.recv(_CHUNK_BYTES))
            if not received:
                return
            most_bytes -= received
