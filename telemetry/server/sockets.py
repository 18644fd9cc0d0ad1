"""Listening sockets whose failure is one line."""

import socket


class PortError(OSError):
    """A socket cannot listen where it should; the text is one line that says what, why and which
    setting changes it.
    """


def listen(host: str, port: int, *, purpose: str, setting: str) -> socket.socket:
    """A TCP socket that listens.

    Args:
        host: Address or name of the interface.
        port: 0 lets the kernel choose.
        purpose: What the port is for, for the error.
        setting: Variable that changes the port, for the error.

    Returns:
        The socket, blocking, with TCP_NODELAY: accepted ones inherit it, else answers on a kept
        connection wait 44 ms for an ACK.

    Raises:
        PortError: It cannot listen there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortError(_text(host, port, purpose, setting, error)) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        listener.close()
        raise PortError(_text(host, port, purpose, setting, error)) from None
    return listener


def _text(host: str, port: int, purpose: str, setting: str, error: OSError | OverflowError) -> str:
    return f"{purpose} cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}; set {setting} to a free one"
