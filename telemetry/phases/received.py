"""When the kernel received what waits in a socket.

The stamp is the wall clock's; it is brought to the monotonic clock by the offset between both, and
dropped where that offset has jumped since the wait began.

Source: Linux, Documentation/networking/timestamping.rst (``SO_TIMESTAMPNS``); ``socket(7)``.
"""

import _socket
import struct
import time
from collections.abc import Callable
from typing import Final

# asm-generic/socket.h; alpha, mips, parisc and sparc number it otherwise, and have no stamp then.
SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@qq")
_ROOM: Final = _socket.CMSG_SPACE(_TIMESPEC.size)
_PEEK: Final = _socket.MSG_PEEK | _socket.MSG_DONTWAIT

STEP_NS: Final = 1_000_000
"""A change of the offset beyond this, and beyond what clocks may drift, is a step."""
DRIFT: Final = 1000
"""One part in so many: the kernel slews a clock by at most half of it (``adjtime(3)``)."""
UNDISTURBED_NS: Final = 20_000
_TRIES: Final = 3


class WallClock:
    """The offset between the wall clock and ``perf_counter``.

    Args:
        unix_ns: The wall clock.
        clock_ns: The monotonic clock.
    """

    def __init__(
        self,
        unix_ns: Callable[[], int] = time.time_ns,
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._unix_ns = unix_ns
        self._clock_ns = clock_ns
        self._read_ns, self._offset_ns = self._read()
        self._stepped_ns = 0

    def monotonic(self, unix_ns: int, since_ns: int) -> int | None:
        """Return a stamp of the wall clock as ``perf_counter`` nanoseconds.

        Args:
            unix_ns: The stamp.
            since_ns: ``perf_counter`` nanoseconds; the stamp was made after it.

        Returns:
            ``None`` where the wall clock may have been set since then.
        """
        read_ns, offset_ns = self._read()
        drift_ns = (read_ns - self._read_ns) // DRIFT
        if abs(offset_ns - self._offset_ns) > STEP_NS + drift_ns:
            self._stepped_ns = read_ns
        self._read_ns, self._offset_ns = read_ns, offset_ns
        return None if since_ns < self._stepped_ns else unix_ns - offset_ns

    def _read(self) -> tuple[int, int]:
        # Between two readings of the one clock, so that a preemption between both clocks shows.
        for _ in range(_TRIES):
            before_ns = self._clock_ns()
            unix_ns = self._unix_ns()
            after_ns = self._clock_ns()
            if after_ns - before_ns < UNDISTURBED_NS:
                break
        middle_ns = (before_ns + after_ns) // 2
        return middle_ns, unix_ns - middle_ns


class ReceiveStamps:
    """Asks sockets for the stamp of their first unread byte.

    Args:
        wall_clock: Brings it to the monotonic clock.
    """

    def __init__(self, wall_clock: WallClock | None = None) -> None:
        self._wall_clock = wall_clock or WallClock()
        self._stamping: _socket.socket | None = None

    def start(self) -> None:
        """Make the kernel stamp: it does as long as any socket wants it."""
        try:
            self._stamping = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
            self._stamping.setsockopt(_socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        except OSError:
            self.stop()

    def stop(self) -> None:
        """Want no more stamps."""
        if self._stamping is not None:
            self._stamping.close()
            self._stamping = None

    def received_ns(self, descriptor: int, since_ns: int) -> int | None:
        """Return when the first unread byte arrived; 1.7 µs.

        Args:
            descriptor: Of any kind.
            since_ns: ``perf_counter`` nanoseconds before which it did not.

        Returns:
            ``perf_counter`` nanoseconds; ``None`` for other descriptors than TCP sockets, without
            unread bytes, and where the kernel does not stamp.
        """
        unix_ns = _stamp_of(descriptor)
        return None if unix_ns is None else self._wall_clock.monotonic(unix_ns, since_ns)


def _stamp_of(descriptor: int) -> int | None:
    try:
        peeking = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM, 0, descriptor)
    except OSError:
        return None
    try:
        peeking.setsockopt(_socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        _, ancillary, _, _ = peeking.recvmsg(1, _ROOM, _PEEK)
    except OSError:
        return None
    finally:
        peeking.detach()
    for level, kind, data in ancillary:
        if level == _socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return None
