"""Opening slots: when a therapist may offer a session, and for which price."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from service.sessions.context import BookingContext
from service.sessions.model import Slot, Therapist

GRID_MINUTES: Final = 30
"""Slots begin at the full or at the half hour."""
MAX_DAYS_AHEAD: Final = 400
_GRID: Final = timedelta(minutes=GRID_MINUTES)


class SlotOutOfRange(Exception):
    """A slot begins in the past, or too far ahead."""


class RequestedSlotsOverlap(Exception):
    """Two of the requested slots overlap."""


class SlotExists(Exception):
    """A requested slot overlaps an existing one."""


class SlotOffers:
    """Opens slots of therapists.

    Args:
        context: Repositories, provider, settings, clock and counter.
    """

    def __init__(self, context: BookingContext) -> None:
        self._slots = context.repositories.slots
        self._now = context.now
        self._length = timedelta(seconds=context.settings.session_seconds)

    def open(self, therapist: Therapist, starts: Iterable[datetime]) -> list[Slot]:
        """Open slots for the price of the profile, all of them or none.

        Args:
            therapist: Offers them.
            starts: In UTC, on the grid.

        Raises:
            SlotOutOfRange: One begins in the past, or more than ``MAX_DAYS_AHEAD`` days ahead.
            RequestedSlotsOverlap: Two of them overlap.
            SlotExists: One overlaps an existing slot.
        """
        wanted = sorted(set(starts))
        now = self._now()
        last = now + timedelta(days=MAX_DAYS_AHEAD)
        if not all(now < starts_at < last for starts_at in wanted):
            raise SlotOutOfRange
        if any(second - first < self._length for first, second in pairwise(wanted)):
            raise RequestedSlotsOverlap
        if any(self._overlaps(therapist.therapist_id, starts_at) for starts_at in wanted):
            raise SlotExists
        slots = [self._slot(therapist, starts_at) for starts_at in wanted]
        for slot in slots:
            self._slots.offer(slot)
        return slots

    def _slot(self, therapist: Therapist, starts_at: datetime) -> Slot:
        return Slot(
            therapist_id=therapist.therapist_id,
            starts_at=starts_at,
            ends_at=starts_at + self._length,
            amount=therapist.amount,
            currency=therapist.currency,
        )

    def _overlaps(self, therapist_id: str, starts_at: datetime) -> bool:
        distance = _GRID
        while distance < self._length:
            if any(
                self._slots.is_offered(therapist_id, neighbour)
                for neighbour in (starts_at - distance, starts_at + distance)
            ):
                return True
            distance += _GRID
        return False
