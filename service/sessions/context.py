"""What every step of the workflow is given: repositories, provider, settings, clock and counter."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from service.mongo.clock import utc_now
from service.payments.gateway import PaymentGateway
from service.payments.model import RefundStatus
from service.sessions.model import Task, TaskKind
from service.sessions.repository import SessionRepositories
from service.sessions.settings import SessionSettings

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
    "disputed",
]
"""Values of the label ``result`` of ``serene_bookings_total``."""

LOG: Final = logging.getLogger("service.sessions")


class BookingClosed(Exception):
    """The booking is past what was requested; the text is one sentence for the client."""


def discard_count(result: CountedResult) -> None:
    """Count nothing."""


def discard_refund(status: RefundStatus) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class BookingContext:
    """What the steps of the workflow work with.

    Args:
        repositories: The room's data.
        payments: The provider.
        settings: The rules.
        now: Time in UTC, to the millisecond.
        count: Counts a result.
        count_refund: Counts a state that a refund has got.
    """

    repositories: SessionRepositories
    payments: PaymentGateway
    settings: SessionSettings
    now: Callable[[], datetime] = utc_now
    count: Callable[[CountedResult], None] = discard_count
    count_refund: Callable[[RefundStatus], None] = discard_refund

    def enqueue_task(
        self,
        kind: TaskKind,
        subject: str,
        booking_id: str,
        *,
        due_at: datetime | None = None,
        **details: Any,
    ) -> None:
        """Record a task before it begins.

        Args:
            kind: See ``Task``.
            subject: See ``Task``.
            booking_id: See ``Task``.
            details: See ``Task``.
            due_at: When the recovery pass may take it over; by default after
                ``booking_grace_seconds``, the time that its request has.
        """
        now = self.now()
        due_at = due_at or now + timedelta(seconds=self.settings.booking_grace_seconds)
        self.repositories.tasks.add(Task(kind, subject, booking_id, now, due_at, details))
