"""The room of payments: the webhook. Sessions call the provider by ``StripeGateway``."""

from dataclasses import dataclass

from service import metrics as business
from service.foundation import Foundation, Room
from service.payments import routes
from service.payments.model import PaymentEventHandler
from service.payments.repository import KEPT_SECONDS, PaymentEventRepository
from service.payments.settings import PaymentSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsRoom(Room):
    """The provider's webhook."""

    events: PaymentEventRepository


def build(
    foundation: Foundation, settings: PaymentSettings, handle: PaymentEventHandler
) -> PaymentsRoom:
    """Build the room.

    Args:
        foundation: Of this process.
        settings: How the provider's events are signed.
        handle: Handles an event; it may get one twice, and in any order.
    """
    collection = foundation.database["payment_events"]
    foundation.retention.expire(collection, "claimed_at", KEPT_SECONDS)
    foundation.shard_keys.hashed("the provider's id of an event is claimed", collection.name)
    events = PaymentEventRepository(collection)
    deliveries = foundation.telemetry.metrics.counter(business.PAYMENT_EVENTS)
    return PaymentsRoom(
        events=events, blueprints=(routes.blueprint(settings, events, handle, deliveries),)
    )
