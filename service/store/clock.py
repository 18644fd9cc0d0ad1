"""The time of what is stored, where nobody hands in a clock."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)
