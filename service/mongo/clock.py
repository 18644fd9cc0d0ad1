"""The clock of everything that is stored."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time in UTC, to the millisecond: MongoDB's own precision."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
