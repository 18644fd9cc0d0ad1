"""Requests and responses of the routes of sessions and therapists."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Final, Literal
from uuid import UUID

from flask import url_for
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from service.http.pagination import CURSOR_DESCRIPTION, ListQuery, PageQuery
from service.http.preconditions import EntityTag, Validators
from service.http.responses import Instant, Model
from service.http.text_fields import MULTI_LINE, Name
from service.sessions import refund_policy
from service.sessions.model import BookingState, BookingStatus, RefundState, Slot, Therapist
from service.sessions.slot_offers import GRID_MINUTES

_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _as_text(value: object) -> object:
    # By itself, pydantic reads numbers as seconds, and texts as numbers.
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        return value
    raise ValueError("should be a date and time with a UTC offset, such as 2026-12-01T09:00:00Z")


def _whole(value: object) -> object:
    # In JSON 80.0 is the integer 80.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _utc(value: datetime) -> datetime:
    # No slot is before the first or after the last instant. Compared before it is converted: at the
    # ends of the calendar a conversion overflows.
    return min(max(value, _FIRST), _LAST).astimezone(UTC)


def _on_the_grid(value: datetime) -> datetime:
    if value.minute % GRID_MINUTES or value.second or value.microsecond:
        raise ValueError("should be at the full or at the half hour")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_as_text), AfterValidator(_utc)]
SlotTime = Annotated[Time, AfterValidator(_on_the_grid)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", description="ISO 639.", examples=["en"])]
Specialty = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,39}$", examples=["sleep"])]
PaymentMethod = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_]{1,100}$",
        description="The token of a card or account, as the payment provider's form returns it.",
    ),
]


class IdempotencyHeaders(BaseModel):
    """Headers of a request that may be repeated."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    key: str = Field(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,255}$",
        description=(
            "A unique key of the request, such as a UUID. A repeated request with the same key "
            "returns the same response and has no further effect."
        ),
    )


class Money(Model):
    """A price."""

    amount: Annotated[
        int,
        Field(ge=1, le=10_000_000, strict=True, description="In the currency's smallest unit."),
        BeforeValidator(_whole),
    ]
    currency: str = Field(
        pattern=r"^[a-z]{3}$", description="ISO 4217, in lower case.", examples=["eur"]
    )


class TherapistProfile(Model):
    """A therapist's profile."""

    name: Name
    title: Name
    languages: tuple[Language, ...] = Field(min_length=1, max_length=20)
    specialties: tuple[Specialty, ...] = Field(min_length=1, max_length=20)
    price: Money
    bio: Annotated[str, Field(max_length=4000), MULTI_LINE] = ""


class TherapistView(Model):
    """A therapist."""

    id: str
    name: str
    title: str
    languages: tuple[str, ...]
    specialties: tuple[str, ...]
    price: Money
    bio: str
    url: str
    slots_url: str = Field(description="URL of the open slots.")

    @classmethod
    def of(cls, found: Therapist) -> "TherapistView":
        """Return the profile as members see it."""
        return cls(
            id=found.therapist_id,
            name=found.name,
            title=found.title,
            languages=found.languages,
            specialties=found.specialties,
            price=Money(amount=found.amount, currency=found.currency),
            bio=found.bio,
            url=url_for("therapists.get_therapist", therapist_id=found.therapist_id),
            slots_url=url_for("therapists.list_slots", therapist_id=found.therapist_id),
        )


def validators_of(found: Therapist) -> Validators:
    """Return the validators of a profile."""
    state = json.dumps(asdict(found), sort_keys=True)
    return Validators(EntityTag(sha256(state.encode()).hexdigest()[:32]))


class TherapistsPage(Model):
    """One page of therapists."""

    therapists: tuple[TherapistView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


class TherapistsQuery(ListQuery):
    """Query of a page of therapists."""

    language: Annotated[
        Language | None, Field(description="Only therapists who speak it (ISO 639).")
    ] = None
    specialty: Annotated[Specialty | None, Field(description="Only therapists who have it.")] = None
    cursor: Annotated[UUID | None, Field(description=CURSOR_DESCRIPTION)] = None


class SlotView(Model):
    """A time at which a session can be booked."""

    starts_at: Instant
    ends_at: Instant
    price: Money

    @classmethod
    def of(cls, slot: Slot) -> "SlotView":
        """Return the slot as members see it."""
        return cls(
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            price=Money(amount=slot.amount, currency=slot.currency),
        )


class SlotsList(Model):
    """Slots in the order of their time."""

    slots: tuple[SlotView, ...]


class SlotsQuery(BaseModel):
    """Period of a list of slots."""

    model_config = ConfigDict(frozen=True)

    begin: Annotated[
        Time | None,
        Field(alias="from", description="Slots that begin then or later; by default from now on."),
    ] = None
    end: Annotated[
        Time | None,
        Field(
            alias="to",
            description="Slots that begin before then; by default two weeks after `from`.",
        ),
    ] = None


class NewSlots(Model):
    """Slots to open."""

    starts_at: tuple[SlotTime, ...] = Field(
        min_length=1, max_length=100, description="When each slot begins, at the full or half hour."
    )


class NewSession(Model):
    """A slot to book."""

    therapist_id: UUID
    starts_at: Time = Field(description="When the slot begins.")


class NewPayment(Model):
    """The payment of a session."""

    payment_method: PaymentMethod


class RefundView(Model):
    """A refund."""

    amount: int = Field(description="In the currency's smallest unit.")
    status: RefundState = Field(
        description="`pending`: on its way, which may take days. `requires_action`: the provider "
        "waits for the member. `failed`: the bank returned the money; we get in touch. `done`: "
        "paid back."
    )


class SessionView(Model):
    """A booked session, as its member and its therapist read it."""

    id: str
    status: BookingStatus
    therapist_id: str
    member_id: str
    starts_at: Instant
    ends_at: Instant
    price: Money
    created_at: Instant
    expires_at: Instant = Field(
        description="When the slot is free again unless the session is paid."
    )
    cancelled_at: Instant | None
    refund: RefundView | None = Field(description=refund_policy.TEXT)
    url: str
    calendar_url: str

    @classmethod
    def of(cls, state: BookingState) -> "SessionView":
        """Return the booking as its parties see it."""
        booking, outcome, cancellation = state.booking, state.outcome, state.cancellation
        cancelled_at = outcome.at if outcome and outcome.kind == "cancelled" else None
        refund = None
        if cancellation is not None:
            cancelled_at = cancellation.at
            if cancellation.refund_amount:
                refund = RefundView(
                    amount=cancellation.refund_amount,
                    status=state.refund or "pending",
                )
        return cls(
            id=booking.booking_id,
            status=state.status,
            therapist_id=booking.therapist_id,
            member_id=booking.member_id,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            price=Money(amount=booking.amount, currency=booking.currency),
            created_at=booking.created_at,
            expires_at=booking.expires_at,
            cancelled_at=cancelled_at,
            refund=refund,
            url=url_for("sessions.get_session", session_id=booking.booking_id),
            calendar_url=url_for("sessions.calendar_file", session_id=booking.booking_id),
        )


class SessionsQuery(PageQuery):
    """Query of a page of sessions."""

    party: Annotated[
        Literal["member", "therapist"] | None,
        Field(
            alias="as",
            description="Only sessions in which you take part as this; by default your role.",
        ),
    ] = None


class SessionsPage(Model):
    """One page of sessions, the latest first."""

    sessions: tuple[SessionView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")
