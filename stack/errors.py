"""The exception that the command line prints as a single line."""


class StackError(Exception):
    """One line for the user: what failed, why, and what to do."""


def last_line(text: str) -> str:
    """Return the last line of `text` that is not blank, or "(nothing)"."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "(nothing)"
