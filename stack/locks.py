"""File locks that the kernel releases with their holder, even when it is killed."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RETRY_SECONDS = 0.1


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock `path` for the block; waits while another process holds it."""
    descriptor = _open(path)
    try:
        # Polled: a blocking flock would stop every greenlet of a gevent process, including the one
        # that holds the lock.
        while not _try_lock(descriptor):
            time.sleep(_RETRY_SECONDS)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held_or_none(path: Path) -> Iterator[bool]:
    """Hold the lock for the block and yield True; yield False when another process holds it."""
    descriptor = _open(path)
    try:
        yield _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
