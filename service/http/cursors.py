"""A position in the order of things as text for clients: without any secret, and to them opaque.

Milliseconds since 1970 and the name of what is there, both in hex. Any text of that form means some
position, so the pattern in the OpenAPI document says all that is asked of a cursor.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from service.http.text_fields import Spelled
from service.mongo.cursor import Cursor

MOST_BYTES: Final = 800
"""Of the name in UTF-8."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_DIGITS: Final = 12
# The time ends before the calendar's own end, in the year 9774; the name has no NUL.
CURSOR: Final = (
    f"^[0-9a-d][0-9a-f]{{{_TIME_DIGITS - 1}}}(?:[0-9a-f][1-9a-f]|[1-9a-f]0){{1,{MOST_BYTES}}}$"
)

CursorText = Annotated[str, Spelled(CURSOR, "should be the cursor of a page's next link")]


def encode(cursor: Cursor) -> str:
    """The position as a cursor."""
    since_epoch_ms = (cursor.at - _EPOCH) // timedelta(milliseconds=1)
    return f"{since_epoch_ms:0{_TIME_DIGITS}x}{cursor.key.encode().hex()}"


def decode(text: str) -> Cursor:
    """The position that a cursor means.

    Args:
        text: Spelled as a cursor.
    """
    since_epoch_ms = int(text[:_TIME_DIGITS], 16)
    # What was not made here need not be UTF-8, and then means a position all the same.
    name = bytes.fromhex(text[_TIME_DIGITS:]).decode(errors="replace")
    return Cursor(_EPOCH + timedelta(milliseconds=since_epoch_ms), name)
