"""A writer on any file descriptor, and a reader that comes late."""

import errno
import os
from collections import Counter

import pytest
from gevent import monkey

from telemetry.guard import Guard
from telemetry.logs import LogWriter
from tests.support.polling import wait_until
from tests.telemetry.logs.strict_json import read_lines

# gevent closes a descriptor later, when its hub has turned.
close = monkey.get_original("os", "close")
real_sleep = monkey.get_original("time", "sleep")


class Writing:
    """A writer on a file descriptor, and what it lost by reason."""

    def __init__(self, fd, **named):
        self.lost = Counter()
        guard = Guard(strict=True, on_error=pytest.fail)
        self.writer = LogWriter(fd, guard, self._lose, **named)

    def _lose(self, reason):
        self.lost[reason] += 1

    def write(self, count, **members):
        for number in range(count):
            self.writer.write({"number": number, **members})


class LateReader:
    """Reads a file descriptor from a native thread, after a while."""

    def __init__(self, fd, late_seconds=0.3, chunk=4096, pause_seconds=0.0):
        self.data = b""
        self._given = (fd, late_seconds, chunk, pause_seconds)
        self._ended = False
        monkey.get_original("_thread", "start_new_thread")(self._read, ())

    def _read(self):
        fd, late_seconds, chunk, pause_seconds = self._given
        real_sleep(late_seconds)
        read = monkey.get_original("os", "read")
        while True:
            try:
                part = read(fd, chunk)
            except OSError as error:
                if error.errno == errno.EIO:  # a terminal whose other side is closed
                    break
                raise
            if not part:
                break
            self.data += part
            real_sleep(pause_seconds)
        self._ended = True

    def lines(self):
        wait_until(lambda: self._ended)
        return read_lines(self.data.replace(b"\r\n", b"\n"))


def pipe(*, blocking):
    reader, writer = os.pipe()
    os.set_blocking(writer, blocking)
    return reader, writer
