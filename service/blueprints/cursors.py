"""A position in the order of posts as text for clients: opaque, checked when it comes back, and without any secret."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final

from service.store import Position

MOST_CHARACTERS: Final = 400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: Final = re.compile(r"([0-9]{1,14})\.(.{1,200})", re.ASCII | re.DOTALL)


def encode(position: Position) -> str:
    """The position as a cursor of URL-safe characters."""
    since_epoch_ms = (position.published_at - _EPOCH) // timedelta(milliseconds=1)
    return urlsafe_b64encode(f"{since_epoch_ms}.{position.slug}".encode()).decode().rstrip("=")


def decode(cursor: str) -> Position:
    """The position that a cursor means.

    Raises:
        ValueError: Not a cursor that ``encode`` makes.
    """
    if len(cursor) > MOST_CHARACTERS:
        raise ValueError(f"should be at most {MOST_CHARACTERS} characters")
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
        form = _FORM.fullmatch(text)
        position = Position(_EPOCH + timedelta(milliseconds=int(form[1])), form[2]) if form else None
    except ValueError:
        position = None
    # b64decode skips what it does not know; only the one true spelling is taken.
    if position is None or encode(position) != cursor:
        raise ValueError("should be the cursor of a page's next link")
    return position
