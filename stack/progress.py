"""Progress of steps that take longer than a second: step n of m, its name, elapsed time.

On a terminal it is one live line; elsewhere a line after the first second and then every ten, so
that a log stays readable. Standard library only: `stack.environment` uses it.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_PLAIN_SECONDS = 10.0
_LIVE_SECONDS = 0.5


class Progress:
    """Numbers the steps of one command and prints the current one.

    Args:
        steps: their number.
        stream: where to write; a terminal gets a live line.
        quiet_seconds: a shorter step prints nothing.
        seconds_between: two lines of one step; depends on `stream` when left out.
    """

    def __init__(
        self,
        steps: int,
        stream: TextIO | None = None,
        quiet_seconds: float = 1.0,
        seconds_between: float | None = None,
    ) -> None:
        self.steps = steps
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._seconds_between = seconds_between or (_LIVE_SECONDS if self._live else _PLAIN_SECONDS)
        self._quiet_seconds = quiet_seconds
        self._number = 0

    @contextmanager
    def step(self, what: str, detail: Callable[[], str] = str) -> Iterator[None]:
        """Print `what` while the block runs.

        Args:
            what: the step, e.g. "Building Tempo".
            detail: called for each line; returns its progress, e.g. "412 packages".
        """
        self._number += 1
        label = f"[{self._number}/{self.steps}] {what}"
        started, finished = time.monotonic(), threading.Event()
        ticker = threading.Thread(
            target=self._tick, args=(label, detail, started, finished), daemon=True
        )
        ticker.start()
        outcome = "stopped"
        try:
            yield
            outcome = "done"
        finally:
            finished.set()
            ticker.join()
            if time.monotonic() - started >= self._quiet_seconds:
                self._write(f"{label}: {outcome} in {_elapsed(started)}", ended=True)

    def print_line(self, line: str) -> None:
        """Print one line between steps."""
        self._write(line, ended=True)

    def _tick(
        self, label: str, detail: Callable[[], str], started: float, finished: threading.Event
    ) -> None:
        wait = self._quiet_seconds
        while not finished.wait(wait):
            extra = detail()
            self._write(f"{label}: {_elapsed(started)}{', ' + extra if extra else ''}", ended=False)
            wait = self._seconds_between

    def _write(self, line: str, *, ended: bool) -> None:
        if self._live:
            # A wrapped line could not be overwritten.
            shown = line if ended else line[: shutil.get_terminal_size().columns - 1]
            self._stream.write(f"\r\x1b[K{shown}" + ("\n" if ended else ""))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()


def _elapsed(started: float) -> str:
    seconds = int(time.monotonic() - started)
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"
