"""The exception that the command line prints as a single line, and the last line of a log."""

import os
from pathlib import Path
from typing import Final

_TAIL_BYTES: Final = 8192


class StackError(Exception):
    """One line for the user: what failed, why, and what to do."""


def last_line(text: str) -> str:
    """Return the last line of `text` that is not blank, or "(nothing)"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "(nothing)"


def last_line_of(log: Path) -> str:
    """Return the last line of a file that is not blank, or "(nothing)", also where none is."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            return last_line(file.read().decode(errors="replace"))
    except FileNotFoundError:
        return last_line("")
