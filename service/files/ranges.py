"""The one part of a file that a request asks for.

Source: RFC 9110, section 14: a range that cannot be read is as if it was not there, and so may be
several at once.
"""

import re
from typing import Final

_ONE_RANGE: Final = re.compile(
    r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE
)


class Unsatisfiable(ValueError):
    """Nothing of the file lies in the range."""


def part_of(size_bytes: int, header: str) -> tuple[int, int] | None:
    """Where the part begins, and where it has ended.

    Args:
        size_bytes: Of the whole file.
        header: ``Range``.

    Returns:
        ``None`` for the whole file.

    Raises:
        Unsatisfiable: The range lies behind the end, or is empty.
    """
    found = _ONE_RANGE.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        begin, end = max(0, size_bytes - int(last)), size_bytes
    else:
        begin, end = int(first), min(size_bytes, int(last) + 1 if last else size_bytes)
        if last and int(last) < begin:
            return None
    if begin >= size_bytes:
        raise Unsatisfiable
    return begin, end
