"""Run a command; copy what it writes to standard output, and to a file that stays bounded.

    python output_log.py FILE BYTES COMMAND [ARGUMENT ...]

For a container: its standard output is for `docker logs`, the file for the Collector, in a volume
that both containers have. A full file is renamed to FILE.1, so both together hold at most twice
BYTES. Signals go to the command, whose exit status is this one's. Standard library only: Compose
mounts this file into the service's image.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

_CHUNK_BYTES: Final = 65_536
_POLL_SECONDS: Final = 0.2
_FORWARDED: Final = (
    *(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1),
    *(signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU, signal.SIGWINCH),
)


class OutputLog:
    """A file of lines that is renamed when it is full, at the end of a line.

    Args:
        path: The file; the one before it is `path` with `.1` added.
        most_bytes: Size at which it is full.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._file = path.open("ab", buffering=0)
        self._lost_bytes = 0

    def write(self, data: bytes) -> None:
        """Append; what the disk does not take is counted, and a later line reports it."""
        try:
            if self._lost_bytes:
                self._append(_loss(self._lost_bytes))
                self._lost_bytes = 0
            end = data.rfind(b"\n") + 1
            if end and self._file.tell() + end >= self._most_bytes:
                self._append(data[:end])
                self._start_new_file()
                data = data[end:]
            self._append(data)
        except OSError:
            self._lost_bytes += len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]

    def _start_new_file(self) -> None:
        self._file.close()
        self._path.replace(f"{self._path}.1")
        self._file = self._path.open("ab", buffering=0)


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit status, 128 and the signal's number for a signal."""
    received: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, frame: FrameType | None) -> None:
        if child is None:
            received.append(number)
        else:
            child.send_signal(number)

    for number in _FORWARDED:
        signal.signal(number, forward)
    path, most_bytes, command = Path(arguments[0]), int(arguments[1]), arguments[2:]
    log = OutputLog(path, most_bytes)
    reader, writer = os.pipe()
    child = subprocess.Popen(command, stdout=writer, stderr=writer)
    os.close(writer)
    for early in received:
        child.send_signal(early)
    _copy(reader, child, log)
    log.close()
    status = child.wait()
    return status if status >= 0 else 128 - status


def _copy(reader: int, child: "subprocess.Popen[bytes]", log: OutputLog) -> None:
    """Copy until the command has ended and nothing is left to read."""
    while True:
        # Before the wait: what a command writes before its end is read after it.
        ended = child.poll() is not None
        ready, _, _ = select.select([reader], [], [], _POLL_SECONDS)
        if ready:
            data = os.read(reader, _CHUNK_BYTES)
            if not data:
                return
            # The file first: standard output may block.
            log.write(data)
            with suppress(OSError):
                _write_all(1, data)
        elif ended:
            return


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _loss(lost_bytes: int) -> bytes:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = {
        "time": moment,
        "level": "ERROR",
        "logger": "output_log",
        "message": "output is missing here: the disk did not take it",
        "lost_bytes": lost_bytes,
    }
    # What came before may have been cut.
    return f"\n{json.dumps(line)}\n".encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
