"""Settings of sessions: times of the refund policy, of the payment and of the recovery."""

from typing import Annotated, Self

from telemetry import Field, PositiveSeconds, Settings, model_validator


class SessionSettings(Settings):
    """The rules of bookings; durations are seconds."""

    session_seconds: PositiveSeconds = Field(
        3000.0, alias="BOOKING_SESSION_SECONDS", description="how long a session takes"
    )
    booking_unpaid_seconds: PositiveSeconds = Field(
        900.0,
        alias="BOOKING_UNPAID_SECONDS",
        description="how long an unpaid booking holds its slot",
    )
    booking_unpaid_at_once: Annotated[int, Field(gt=0)] = Field(
        5,
        alias="BOOKING_UNPAID_AT_ONCE",
        description="how many unpaid bookings a member may hold",
    )
    full_refund_seconds: PositiveSeconds = Field(
        86400.0,
        alias="BOOKING_FULL_REFUND_SECONDS",
        description="a member who cancels this long before the session gets a full refund",
    )
    part_refund_seconds: PositiveSeconds = Field(
        7200.0,
        alias="BOOKING_PART_REFUND_SECONDS",
        description="one who cancels this long before it gets a partial refund, later none",
    )
    part_refund_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        50,
        alias="BOOKING_PART_REFUND_PERCENT",
        description="percentage of the price in a partial refund, rounded down",
    )
    booking_recovery_seconds: PositiveSeconds = Field(
        30.0,
        alias="BOOKING_RECOVERY_SECONDS",
        description="how often a worker runs the tasks of bookings that are due",
    )
    booking_grace_seconds: PositiveSeconds = Field(
        60.0,
        alias="BOOKING_GRACE_SECONDS",
        description="how long a request may work on a booking before the recovery pass takes over",
    )
    payment_watch_seconds: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)] = Field(
        82800.0,
        alias="BOOKING_PAYMENT_WATCH_SECONDS",
        description=(
            "how long the result of a payment is requested from the provider; "
            "less than it keeps idempotency keys (Stripe: a day)"
        ),
    )
    idempotency_seconds: PositiveSeconds = Field(
        86400.0,
        alias="IDEMPOTENCY_SECONDS",
        description="how long a response is kept for a repeated request",
    )

    @model_validator(mode="after")
    def _refunds_shrink(self) -> Self:
        if self.part_refund_seconds > self.full_refund_seconds:
            raise ValueError(
                "BOOKING_PART_REFUND_SECONDS should not be more than BOOKING_FULL_REFUND_SECONDS"
            )
        return self
