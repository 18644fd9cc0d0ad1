"""Ports of the loopback interface that are reserved for one test process.

A port from the kernel's ephemeral range, closed again after its number was read, may belong to any
outgoing connection a moment later. These ports lie below that range and between those that stacks
use (``stack.ports.free_offset``), and a locked file reserves each until the test process ends: no
other run of the tests takes it, whether or not a server listens there at the moment.
"""

import errno
import fcntl
import functools
import itertools
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from stack.backends import every_port
from stack.ports import free_offset

FIRST: Final = 20100
LAST: Final = 26999
"""Above a stack at the highest offset but for FerretDB's port, which begins at 27017."""

_OFFSETS: Final = 50

_locks: list[int] = []
"""Descriptors of the locked files; the kernel unlocks them when the process ends."""


def free_port() -> int:
    """Reserve one port; nothing listens there until the caller does."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Reserve `count` consecutive ports.

    Raises: RuntimeError when no run of `count` ports is free.
    """
    starts = range(FIRST, LAST + 2 - count)
    first = random.randrange(len(starts))
    for start in itertools.chain(starts[first:], starts[:first]):
        ports = list(range(start, start + count))
        locks = [lock for lock in map(_reserve, ports) if lock is not None]
        if len(locks) == count:
            _locks.extend(locks)
            return ports
        for lock in locks:
            os.close(lock)
    raise RuntimeError(f"no {count} consecutive ports from {FIRST} to {LAST} are free")


@contextmanager
def stack_offset() -> Iterator[int]:
    """Reserve every port of a stack with up to eight workers for the block; yields its offset.

    Raises: RuntimeError when other runs of the tests hold too many.
    """
    for _ in range(_OFFSETS):
        offset = free_offset(every_port(8))
        locks = [_reserve(port + offset) for port in every_port(8)]
        with ExitStack() as held:
            for lock in locks:
                if lock is not None:
                    held.callback(os.close, lock)
            if None not in locks:
                yield offset
                return
    raise RuntimeError(f"each of {_OFFSETS} stack offsets is reserved by another run of the tests")


def _reserve(port: int) -> int | None:
    """Lock the file of a port; returns its descriptor, or None when the port is taken."""
    directory = Path(tempfile.gettempdir(), f"serene-test-ports-{os.getuid()}")
    directory.mkdir(exist_ok=True)
    lock = os.open(directory / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _bind_once(port)
    except OSError as error:
        os.close(lock)
        if error.errno not in (errno.EWOULDBLOCK, errno.EADDRINUSE):
            raise
        return None
    return lock


@functools.cache
def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def _bind_once(port: int) -> None:
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))[: 1 + _has_ipv6()]:
        with socket.socket(family) as probe:
            # As servers do: a port whose old connections are in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
