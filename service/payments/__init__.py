"""Payments by Stripe: what is asked of it, and what its webhooks say. Nothing here knows bookings
or HTTP of ours.
"""

from service.payments.events import (
    BadEvent,
    Delivery,
    PaymentEvent,
    PaymentEventHandler,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
)
from service.payments.gateway import (
    Payment,
    PaymentRefused,
    Payments,
    PaymentStatus,
    PaymentsUnavailable,
)
from service.payments.stripe_gateway import StripePayments

__all__ = [
    "BadEvent",
    "Delivery",
    "Payment",
    "PaymentEvent",
    "PaymentEventHandler",
    "PaymentFailed",
    "PaymentRefunded",
    "PaymentRefused",
    "PaymentStatus",
    "PaymentSucceeded",
    "Payments",
    "PaymentsUnavailable",
    "StripePayments",
]
