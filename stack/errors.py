"""The one kind of failure that the command line prints as a single line."""


class StackError(Exception):
    """What went wrong, why, and what to do about it, in one line for a person at a terminal."""


def last_line(text: str) -> str:
    """The last line of `text` with something on it, or "(nothing)"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "(nothing)"
