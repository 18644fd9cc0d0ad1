"""Lines to a file descriptor: each whole or not at all, whatever stands behind it.

Standard output may be a pipe whose reader is late or gone, blocking or not, a full disk, or closed.
A line that was cut is finished before the next one begins, so no two are ever glued together.

Source: POSIX, ``write``: a write of at most ``PIPE_BUF`` bytes to a pipe is atomic, so lines of
several workers do not mix.
"""

import errno
import fcntl
import os
import select
import socket
import stat
import struct
import sys
import termios
from collections.abc import Callable, Sequence
from typing import Final, Literal

from gevent import monkey

LossReason = Literal[
    "queue_full", "shutdown", "closed", "no_space", "blocked", "unwritable", "unencodable"
]
"""Why a line is lost, the label ``reason`` of its counter.

- ``queue_full``: lines came faster than the reader of the output took them.
- ``shutdown``: not written before the exit.
- ``closed``: the reader of the output is gone, or the output is closed.
- ``no_space``: the disk or the quota is full.
- ``blocked``: the output took nothing in time while no thread was there to wait for it.
- ``unwritable``: any other error of the operating system.
- ``unencodable``: an error of this program.
"""

PIPE_BUF: Final = select.PIPE_BUF
POLL_SECONDS: Final = 0.1
_REASONS: Final[dict[int, LossReason]] = {
    errno.EPIPE: "closed",
    errno.EBADF: "closed",
    errno.ECONNRESET: "closed",
    errno.ENOTCONN: "closed",
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EFBIG: "no_space",
}


class Output:
    """One file descriptor, written by one thread at a time.

    Args:
        fd: Not closed here.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._write = monkey.get_original("os", "write")
        self._poll = monkey.get_original("select", "poll")
        self._rest = b""
        self._pipe_bytes = _pipe_bytes(fd)
        self._usable = _is_output(fd)

    @property
    def is_cut(self) -> bool:
        """Whether the last line is written in part."""
        return bool(self._rest)

    def write(
        self, lines: Sequence[bytes], may_wait: Callable[[], bool], *, blocking: bool
    ) -> tuple[int, LossReason]:
        """Write lines.

        Args:
            lines: Each with its line feed.
            may_wait: Asked each tenth of a second whether to go on waiting for room.
            blocking: The calling thread may wait in a write for longer than that.

        Returns:
            How many of the last ones are lost, and why; of 0 the reason means nothing. A line that
            was cut is not among them: its rest is written first, next time.
        """
        if not self._usable:
            return len(lines), "closed"
        index = 0
        while self._rest or index < len(lines):
            if self._rest:
                piece, count = self._rest, 0
            else:
                piece, count = self._piece(lines, index, blocking=blocking)
            try:
                written = self._write_some(piece, may_wait, blocking=blocking)
            except BlockingIOError:
                return len(lines) - index, "blocked"
            except OSError as error:
                return len(lines) - index, _REASONS.get(error.errno or 0, "unwritable")
            if count and written == len(piece):
                index += count
            elif count:
                index = self._after(lines, index, written)
            else:
                self._rest = piece[written:]
        return 0, "unwritable"

    def _piece(self, lines: Sequence[bytes], index: int, *, blocking: bool) -> tuple[bytes, int]:
        """The next lines that fit into one write, at least one."""
        most = self._most_bytes(blocking=blocking)
        rest = lines[index:] if index else lines
        if sum(map(len, rest)) <= most:
            return b"".join(rest), len(rest)
        end, size = index + 1, len(lines[index])
        while end < len(lines) and size + len(lines[end]) <= most:
            size += len(lines[end])
            end += 1
        return b"".join(lines[index:end]), end - index

    def _most_bytes(self, *, blocking: bool) -> int:
        if not self._pipe_bytes:
            return sys.maxsize
        # Into an empty pipe all that it holds goes at once, which takes the interpreter's lock once
        # instead of once for 4 KiB.
        empty = blocking and _unread_bytes(self._fd) == 0
        return self._pipe_bytes if empty else PIPE_BUF

    def _after(self, lines: Sequence[bytes], index: int, written: int) -> int:
        """The first line that is not begun; the rest of one that was cut is kept."""
        while written > 0:
            line = lines[index]
            self._rest = line[written:]
            written -= len(line)
            index += 1
        return index

    def _write_some(self, piece: bytes, may_wait: Callable[[], bool], *, blocking: bool) -> int:
        """Write the beginning of a piece, at least one byte of it."""
        if not blocking:
            # Without a thread of its own only what fits: a pipe that has room for one byte has room
            # for PIPE_BUF.
            piece = piece[:PIPE_BUF]
            while not self._has_room(0.0):
                self._wait_for_room(may_wait)
        while True:
            try:
                return int(self._write(self._fd, piece))
            except BlockingIOError:
                self._wait_for_room(may_wait)

    def _wait_for_room(self, may_wait: Callable[[], bool]) -> None:
        """Wait for a moment.

        Raises:
            BlockingIOError: The time to wait is over.
        """
        if not may_wait():
            raise BlockingIOError
        self._has_room(POLL_SECONDS)

    def _has_room(self, seconds: float) -> bool:
        poll = self._poll()
        poll.register(self._fd, select.POLLOUT)
        return bool(poll.poll(seconds * 1e3))

    def forget_rest(self) -> None:
        """Leave the rest of a line that was cut to another process: after a fork."""
        self._rest = b""


def _pipe_bytes(fd: int) -> int:
    """How much a pipe holds; 0 for everything else."""
    try:
        if not stat.S_ISFIFO(os.fstat(fd).st_mode):
            return 0
        return fcntl.fcntl(fd, getattr(fcntl, "F_GETPIPE_SZ", 1032))
    except OSError:
        return PIPE_BUF


def _unread_bytes(fd: int) -> int:
    try:
        return int(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0])
    except OSError:
        return PIPE_BUF


def _is_output(fd: int) -> bool:
    """Whether lines may go there.

    A process that was started without standard output gives its number to the next socket it opens:
    a client would read the log.
    """
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return True
        # gevent's would make the descriptor non-blocking for every process that shares it.
        with monkey.get_original("socket", "socket")(fileno=os.dup(fd)) as found:
            listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            return bool(found.family == socket.AF_UNIX and not listens)
    except OSError:
        return False
