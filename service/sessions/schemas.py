"""What clients send and get where sessions are booked."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from flask import url_for
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from service.http.pagination import CURSOR_DESCRIPTION, ListQuery, PageQuery
from service.http.responses import Instant, Model
from service.http.text_fields import MULTI_LINE, SINGLE_LINE
from service.sessions.repository import BookingState, Status
from service.sessions.slot_repository import Slot
from service.sessions.therapist_repository import Therapist

GRID_MINUTES: Final = 30
_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _as_text(value: object) -> object:
    # Left alone, pydantic takes numbers for seconds, and texts for numbers.
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        return value
    raise ValueError("should be a date and time with a UTC offset, such as 2026-12-01T09:00:00Z")


def _whole(value: object) -> object:
    # To JSON 80.0 is the integer 80.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _utc(value: datetime) -> datetime:
    # Nothing is before the first or after the last. Compared before it is converted: at the ends of
    # the calendar that overflows.
    return min(max(value, _FIRST), _LAST).astimezone(UTC)


def _on_the_grid(value: datetime) -> datetime:
    if value.minute % GRID_MINUTES or value.second or value.microsecond:
        raise ValueError("should be at the full or at the half hour")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_as_text), AfterValidator(_utc)]
SlotTime = Annotated[Time, AfterValidator(_on_the_grid)]
Line = Annotated[str, Field(min_length=1, max_length=100), SINGLE_LINE]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", description="ISO 639.", examples=["en"])]
Specialty = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,39}$", examples=["sleep"])]
PaymentMethod = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_]{1,100}$",
        description="The payment provider's token, as its own form gives it.",
    ),
]


class IdempotencyHeaders(BaseModel):
    """The key of a request that may be sent again."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    key: str = Field(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,255}$",
        description="A new name of this request, such as a UUID. Sent again with it, the request has the same answer and no more effect.",
    )


class Money(Model):
    """An amount."""

    amount: Annotated[
        int,
        Field(ge=1, le=10_000_000, strict=True, description="In the currency's smallest unit."),
        BeforeValidator(_whole),
    ]
    currency: str = Field(
        pattern=r"^[a-z]{3}$", description="ISO 4217, in lower case.", examples=["eur"]
    )


class TherapistProfile(Model):
    """What a therapist says of herself or himself."""

    name: Line
    title: Line
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
    slots_url: str = Field(description="Where the open slots are.")

    @classmethod
    def of(cls, found: Therapist) -> "TherapistView":
        """The profile as members see it."""
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


class TherapistsPage(Model):
    """Some therapists."""

    therapists: tuple[TherapistView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")


class TherapistsQuery(ListQuery):
    """What a page of therapists is asked for with."""

    language: Annotated[
        Language | None, Field(description="Only those who speak it (ISO 639).")
    ] = None
    specialty: Annotated[Specialty | None, Field(description="Only those who have it.")] = None
    cursor: Annotated[UUID | None, Field(description=CURSOR_DESCRIPTION)] = None


class SlotView(Model):
    """A slot."""

    starts_at: Instant
    ends_at: Instant
    price: Money

    @classmethod
    def of(cls, slot: Slot) -> "SlotView":
        """The slot as members see it."""
        return cls(
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            price=Money(amount=slot.amount, currency=slot.currency),
        )


class SlotsList(Model):
    """Slots in the order of their time."""

    slots: tuple[SlotView, ...]


class SlotsQuery(BaseModel):
    """What span of time is asked for."""

    model_config = ConfigDict(frozen=True)

    begin: Annotated[
        Time | None,
        Field(alias="from", description="Slots that begin then or later; by default from now on."),
    ] = None
    end: Annotated[
        Time | None,
        Field(
            alias="to", description="Slots that begin before; by default two weeks after `from`."
        ),
    ] = None


class NewSlots(Model):
    """Slots to open."""

    starts_at: tuple[SlotTime, ...] = Field(
        min_length=1, max_length=100, description="When each begins, at the full or half hour."
    )


class NewSession(Model):
    """A slot to book."""

    therapist_id: UUID
    starts_at: Time = Field(description="When the slot begins.")


class NewPayment(Model):
    """What a session is paid with."""

    payment_method: PaymentMethod


class RefundView(Model):
    """Money that is paid back."""

    amount: int = Field(description="In the currency's smallest unit.")
    status: Literal["pending", "done"]


class SessionView(Model):
    """A booked session, for those who take part in it."""

    id: str
    status: Status
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
    refund: RefundView | None = Field(description="What a cancellation pays back.")
    url: str
    calendar_url: str

    @classmethod
    def of(cls, state: BookingState) -> "SessionView":
        """The booking as its parties see it."""
        booking, outcome, cancellation = state.booking, state.outcome, state.cancellation
        cancelled_at = outcome.at if outcome and outcome.kind == "cancelled" else None
        refund = None
        if cancellation is not None:
            cancelled_at = cancellation.at
            if cancellation.refund_amount:
                refund = RefundView(
                    amount=cancellation.refund_amount,
                    status="done" if state.refunded else "pending",
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
    """What a page of sessions is asked for with."""

    party: Annotated[
        Literal["member", "therapist"] | None,
        Field(alias="as", description="As what one takes part; by default by the account's role."),
    ] = None


class SessionsPage(Model):
    """Some sessions, the latest first."""

    sessions: tuple[SessionView, ...]
    next: str | None = Field(description="URL of the next page; null on the last one.")
