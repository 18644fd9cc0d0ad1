"""What every part of the workflow stands on: the store, the provider, the rules, a clock, and what
is told of it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from service.payments.gateway import Payments
from service.settings.bookings import BookingSettings
from service.store.care import Care
from service.store.sessions import Sessions, Task, TaskKind

CountedResult = Literal[
    "booked",
    "taken",
    "paid",
    "declined",
    "action_required",
    "processing",
    "unavailable",
    "cancelled",
    "refunded",
    "surplus",
    "expired",
    "recovered",
    "abandoned",
]
LOG: Final = logging.getLogger("service.booking")


class Closed(Exception):
    """The booking is past what was asked for; the text is one sentence for the client."""


def utc_now() -> datetime:
    """The time in UTC, to the millisecond: what the database keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def uncounted(result: CountedResult) -> None:
    """Counts nothing."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the workflow is made of.

    Args:
        sessions: What is kept.
        care: Who looks after whom.
        payments: The provider.
        settings: The rules.
        now: In UTC, to the millisecond.
        count: Counts a result.
    """

    sessions: Sessions
    care: Care
    payments: Payments
    settings: BookingSettings
    now: Callable[[], datetime] = utc_now
    count: Callable[[CountedResult], None] = uncounted

    def write_down(
        self,
        kind: TaskKind,
        subject: str,
        booking_id: str,
        *,
        due_at: datetime | None = None,
        **details: Any,
    ) -> None:
        """Write a task down before it is begun; somebody else may do it when a request has had its
        time, or at ``due_at``.
        """
        now = self.now()
        due_at = due_at or now + timedelta(seconds=self.settings.booking_grace_seconds)
        self.sessions.tasks.add(Task(kind, subject, booking_id, now, due_at, details))
