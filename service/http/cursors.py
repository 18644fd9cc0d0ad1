"""Cursors of pages as text: opaque to clients, without a secret.

The text is the milliseconds since 1970 and the entry's key, both in hex. Every text of that form is
a valid cursor, so the pattern in the OpenAPI document describes it completely.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from service.http.text_fields import Matching
from service.mongo.cursor import Cursor

MAX_KEY_BYTES: Final = 800
"""Length of the key in UTF-8."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_DIGITS: Final = 12
# The time ends before the calendar's own end, in the year 9774; the key has no NUL.
CURSOR: Final = (
    f"^[0-9a-d][0-9a-f]{{{_TIME_DIGITS - 1}}}(?:[0-9a-f][1-9a-f]|[1-9a-f]0){{1,{MAX_KEY_BYTES}}}$"
)

CursorText = Annotated[str, Matching(CURSOR, "should be the cursor of a page's next link")]


def encode(cursor: Cursor) -> str:
    """Encode a cursor as text."""
    since_epoch_ms = (cursor.at - _EPOCH) // timedelta(milliseconds=1)
    return f"{since_epoch_ms:0{_TIME_DIGITS}x}{cursor.key.encode().hex()}"


def decode(text: str) -> Cursor:
    """Decode the text of a cursor.

    Args:
        text: Matches ``CURSOR``.
    """
    since_epoch_ms = int(text[:_TIME_DIGITS], 16)
    # A client may send bytes that are not UTF-8; they are a valid cursor all the same.
    key = bytes.fromhex(text[_TIME_DIGITS:]).decode(errors="replace")
    return Cursor(_EPOCH + timedelta(milliseconds=since_epoch_ms), key)
