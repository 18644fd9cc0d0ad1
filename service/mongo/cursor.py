"""A place in a list that is sorted by time, for repositories and the pages made of them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry of a page; the next page begins after it.

    Args:
        at: Time of the entry, which the list is sorted by.
        key: Key of the entry, which decides among entries of one instant.
    """

    at: datetime
    key: str
