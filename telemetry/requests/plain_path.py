"""Paths in which no secret can be, found without a search for each kind of secret.

Most paths are such, and each slug is another text, so that no cache helps.
"""

from typing import Final

MAX_DIGITS: Final = 12
"""One less than the shortest card number has."""

_PLAIN: Final = b"/abcdefghijklmnopqrstuvwxyz.~-"


def is_plain(path: str) -> bool:
    """Return whether the redaction of a path would change nothing, for certain.

    Every name and shape that ``redaction`` removes needs an upper-case letter, ``:``, ``=``, ``@``,
    ``%``, ``_`` or a space, the digits of a card number, or begins with ``sk-``.

    Args:
        path: As the WSGI server decoded it.
    """
    rest = path.encode("ascii", "replace").translate(None, _PLAIN)
    return (not rest or (rest.isdigit() and len(rest) <= MAX_DIGITS)) and "sk-" not in path
