"""A place in a list that is sorted by time, for repositories and for the pages made of them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry of a page; the next page begins after it.

    Args:
        at: The entry's time, which the list is sorted by.
        key: Its name, which decides among entries of one instant.
    """

    at: datetime
    key: str
