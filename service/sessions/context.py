"""What every part of the workflow stands on: the store, the provider, the rules, a clock, and what
is told of it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from service.mongo.clock import utc_now
from service.payments.gateway import Payments
from service.sessions.repositories import SessionRepositories
from service.sessions.settings import SessionSettings
from service.sessions.task_repository import Task, TaskKind

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
LOG: Final = logging.getLogger("service.sessions")


class Closed(Exception):
    """The booking is past what was asked for; the text is one sentence for the client."""


def uncounted(result: CountedResult) -> None:
    """Counts nothing."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the workflow is made of.

    Args:
        sessions: What is kept.
        payments: The provider.
        settings: The rules.
        now: In UTC, to the millisecond.
        count: Counts a result.
    """

    sessions: SessionRepositories
    payments: Payments
    settings: SessionSettings
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
