"""Ids that are ordered by the time of their creation."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_DIGITS: Final = 16
_RANDOM_BYTES: Final = 8


def new_id() -> str:
    """Return an id of 32 hex digits that is greater than earlier ones and cannot be guessed."""
    return f"{time.time_ns():0{_TIME_DIGITS}x}{secrets.token_hex(_RANDOM_BYTES)}"


def created_at(created_id: str) -> datetime:
    """Return the time an id was created, in UTC, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int(created_id[:_TIME_DIGITS], 16) // 10**6)
