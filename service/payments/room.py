"""The room of payments, built: the provider that is asked, and the webhook that it calls."""

from dataclasses import dataclass

from service import metrics as business
from service.foundation import Foundation, Room
from service.payments import routes
from service.payments.events import PaymentEventHandler
from service.payments.repository import PaymentEvents
from service.payments.settings import PaymentSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsRoom(Room):
    """What the payment provider reports."""

    events: PaymentEvents


def build(
    foundation: Foundation, settings: PaymentSettings, handle: PaymentEventHandler
) -> PaymentsRoom:
    """Build the room.

    Args:
        foundation: Of this process.
        settings: How the provider's events are signed.
        handle: Acts on an event; it may get one twice, and in any order.
    """
    events = PaymentEvents(foundation.database["payment_events"])
    foundation.mongo.on_connect(events.create_indexes)
    received = foundation.telemetry.metrics.counter(business.PAYMENT_EVENTS)
    return PaymentsRoom(
        events=events, blueprints=(routes.blueprint(settings, events, handle, received),)
    )
