"""Ports on the loopback interface: those of a stack, whether they are free, and their holder.

A stack at offset N uses every port N higher. Nothing here keeps a port open.
"""

import random
import socket
from collections.abc import Iterable, Mapping

import psutil

from stack.errors import StackError

HOST = "127.0.0.1"
_HIGHEST = 65535
# First port of the kernel's ephemeral range: an outgoing connection may occupy any port above.
_EPHEMERAL = 32768


def shifted(backend: str, ports: Mapping[str, int], offset: int) -> dict[str, int]:
    """Return each of a backend's ports, `offset` higher.

    Raises: StackError when one is out of range.
    """
    moved = {name: port + offset for name, port in ports.items()}
    for name, port in moved.items():
        if not 1 <= port <= _HIGHEST:
            raise StackError(
                f"port offset {offset} is out of range: {backend}'s {name} port would be {port}, "
                f"and {_HIGHEST} is the highest"
            )
    return moved


def is_free(port: int) -> bool:
    """Return whether a server can listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose old connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(backend: str, ports: Iterable[int]) -> None:
    """Check that all `ports` are free.

    Raises: StackError naming the first port that is taken, its holder, and what to do.
    """
    for port in ports:
        if not is_free(port):
            raise StackError(
                f"port {port}, which {backend} needs, is taken by {holder(port)}: stop that, or "
                "start beside it with --port-offset 1000"
            )


def holder(port: int) -> str:
    """Return the process that listens on `port` as "pid 12 (its command line)", if readable."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another process"
    for connection in connections:
        listens = (
            connection.status == psutil.CONN_LISTEN
            and connection.laddr
            and connection.laddr.port == port
        )
        if listens and connection.pid:
            try:
                command = " ".join(psutil.Process(connection.pid).cmdline())
            except psutil.Error:
                command = "unknown command"
            return f"pid {connection.pid} ({command[:120]})"
    return "another user's process"


def free_offset(ports: Iterable[int], attempts: int = 200) -> int:
    """Return a random offset at which all `ports` are free and below the ephemeral range.

    Raises: StackError when none was found in `attempts`.
    """
    wanted = sorted(set(ports))
    for _ in range(attempts):
        offset = random.randrange(100, _EPHEMERAL - wanted[-1], 10)  # noqa: S311  # no secret
        if all(is_free(port + offset) for port in wanted):
            return offset
    raise StackError(
        f"no port offset with all of {len(wanted)} ports free was found in {attempts} attempts"
    )
