"""Candidate slugs for the title of a post; only an insert shows whether one is free."""

from collections.abc import Iterator
from itertools import count
from secrets import token_hex
from typing import Final

from slugify import slugify

LONGEST_BASE: Final = 80
FALLBACK: Final = "post"
"""For a title that slugify cannot spell, such as one of emoji only."""

MOST_NUMBERED: Final = 50


def slugs(title: str) -> Iterator[str]:
    """Yield slugs for a title without end, best first.

    The first is the title's own; ``-2``, ``-3``, … follow, and after ``MOST_NUMBERED`` of them
    random ones.
    """
    base = slugify(title, max_length=LONGEST_BASE, word_boundary=True) or FALLBACK
    yield base
    for number in range(2, MOST_NUMBERED + 1):
        yield f"{base}-{number}"
    for _ in count():
        yield f"{base}-{token_hex(4)}"
