"""File locks that die with their holder, so that a killed process never leaves one behind."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RETRY_SECONDS = 0.1


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock `path` for the block, waiting for it as long as another process has it."""
    descriptor = _open(path)
    try:
        # Asked again and again: a blocking flock would stop every greenlet of a patched process,
        # the lock's holder with them.
        while not _taken(descriptor):
            time.sleep(_RETRY_SECONDS)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held_or_none(path: Path) -> Iterator[bool]:
    """Hold the lock for the block and yield True, or yield False at once when another process has
    it."""
    descriptor = _open(path)
    try:
        yield _taken(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
