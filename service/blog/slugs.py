"""Slugs of posts, from their titles. Which one is free, only inserting can tell."""

from collections.abc import Iterator
from itertools import count
from secrets import token_hex
from typing import Final

from slugify import slugify

LONGEST_BASE: Final = 80
NAMELESS: Final = "post"
"""Of a title without a letter that can be spelled, such as one of emoji only."""

MOST_NUMBERED: Final = 50


def slugs(title: str) -> Iterator[str]:
    """Slugs for a title, best first, without end: the title's own, then ``-2``, ``-3``, …, and
    random ones when so many are taken.
    """
    base = slugify(title, max_length=LONGEST_BASE, word_boundary=True) or NAMELESS
    yield base
    for number in range(2, MOST_NUMBERED + 1):
        yield f"{base}-{number}"
    for _ in count():
        yield f"{base}-{token_hex(4)}"
