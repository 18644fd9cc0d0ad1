"""Settings of bookings: when money is paid back, and how long a slot waits for its payment."""

from typing import Annotated, Self

from pydantic import Field, PositiveInt, model_validator

from telemetry import Settings
from telemetry.config import PositiveSeconds


class SessionSettings(Settings):
    """How sessions are booked; durations are seconds."""

    session_seconds: PositiveSeconds = Field(
        3000.0, alias="BOOKING_SESSION_SECONDS", description="how long a session takes"
    )
    booking_unpaid_seconds: PositiveSeconds = Field(
        900.0,
        alias="BOOKING_UNPAID_SECONDS",
        description="how long a slot is kept for a booking that is not paid",
    )
    booking_unpaid_at_once: PositiveInt = Field(
        5,
        alias="BOOKING_UNPAID_AT_ONCE",
        description="how many bookings a member may hold that are not paid",
    )
    full_refund_seconds: PositiveSeconds = Field(
        86400.0,
        alias="BOOKING_FULL_REFUND_SECONDS",
        description="a member who cancels this long before the session gets all back",
    )
    part_refund_seconds: PositiveSeconds = Field(
        7200.0,
        alias="BOOKING_PART_REFUND_SECONDS",
        description="one who cancels this long before it gets a part back; later nothing",
    )
    part_refund_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        50,
        alias="BOOKING_PART_REFUND_PERCENT",
        description="how much that part is, in percent; rounded down",
    )
    booking_recovery_seconds: PositiveSeconds = Field(
        30.0,
        alias="BOOKING_RECOVERY_SECONDS",
        description="how often a worker looks for bookings to finish or to end",
    )
    booking_grace_seconds: PositiveSeconds = Field(
        60.0,
        alias="BOOKING_GRACE_SECONDS",
        description="how long a request may take before its work on a booking is taken over",
    )
    payment_watch_seconds: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)] = Field(
        82800.0,
        alias="BOOKING_PAYMENT_WATCH_SECONDS",
        description="how long the provider is asked about a payment; less than it keeps idempotency keys (Stripe: a day)",
    )
    idempotency_seconds: PositiveSeconds = Field(
        86400.0,
        alias="IDEMPOTENCY_SECONDS",
        description="how long an answer is kept for a request that is sent again",
    )

    @model_validator(mode="after")
    def _refunds_shrink(self) -> Self:
        if self.part_refund_seconds > self.full_refund_seconds:
            raise ValueError(
                "BOOKING_PART_REFUND_SECONDS should not be more than BOOKING_FULL_REFUND_SECONDS"
            )
        return self
