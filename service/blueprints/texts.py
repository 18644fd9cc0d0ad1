"""Text that clients send and readers see: no control characters, nothing that turns the direction of what comes after it.

Unlike ``str.isprintable`` this lets the joiners through that emoji and some scripts are written with.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

# C0, DEL and C1; line and paragraph separators; embeddings, overrides and isolates of direction.
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UNFIT_IN_BODY: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def line(value: str) -> str:
    """What refuses more than one line of text.

    Raises:
        ValueError: It holds characters that do not belong there.
    """
    if _UNFIT.search(value) or value != value.strip():
        raise ValueError("should have no control characters, and no space at either end")
    return value


def at_most_bytes(limit_bytes: int) -> AfterValidator:
    """What refuses a text that is longer in UTF-8."""

    def check(value: str) -> str:
        if len(value.encode()) > limit_bytes:
            raise ValueError(f"should have at most {limit_bytes} bytes")
        return value

    return AfterValidator(check)


def lines(value: str) -> str:
    """What refuses text that no editor would make.

    Raises:
        ValueError: It holds control characters.
    """
    if _UNFIT_IN_BODY.search(value):
        raise ValueError("should have no control characters but tabs and ends of lines")
    return value


def printable(value: str) -> str:
    """What refuses a word that could not be asked for in a URL.

    Raises:
        ValueError: It holds something that does not print.
    """
    if not value.isprintable():
        raise ValueError("should have no control characters")
    return value


Word = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(printable)]
"""A tag or a category."""
