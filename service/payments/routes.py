"""The payment provider's webhook.

The body's signature authenticates the caller; a handler acts on the event.
Stripe delivers an event again, for days, until the response is 2xx: one that could not be handled,
or that another worker handles, gets another status.
"""

from typing import Final

from flask import Blueprint, Response, request
from prometheus_client import Counter
from werkzeug.exceptions import BadRequest, Conflict, UnsupportedMediaType

from service import rate_limits
from service.http.operation import ResponseSpec, any_accept, operation
from service.http.responses import json_response
from service.payments import stripe_events
from service.payments.model import PaymentEventHandler
from service.payments.repository import PaymentEventRepository
from service.payments.schemas import Receipt, SignatureHeader
from service.payments.settings import PaymentSettings
from service.payments.stripe_events import Delivery, InvalidEvent

TAG: Final = "Payments"
RECEIVED: Final = {
    200: ResponseSpec("The event is handled, was handled before, or is ignored.", Receipt)
}


class _Webhook:
    def __init__(
        self,
        settings: PaymentSettings,
        events: PaymentEventRepository,
        handle: PaymentEventHandler,
        deliveries: Counter,
    ) -> None:
        self._secret = settings.stripe_webhook_secret.get_secret_value()
        self._tolerance_seconds = settings.stripe_webhook_tolerance_seconds
        self._is_live = settings.is_live
        self._events = events
        self._handle = handle
        self._deliveries = deliveries

    def read(self, signature: str) -> Delivery:
        """Read the current request, or raise 400 when it is not Stripe's."""
        body = request.get_data()
        try:
            return stripe_events.read(
                body, signature, self._secret, self._tolerance_seconds, is_live=self._is_live
            )
        except InvalidEvent as error:
            self._count("refused")
            raise BadRequest(str(error)) from None

    def receive(self, delivery: Delivery) -> None:
        """Handle an event unless it was handled; raise 409 while another worker handles it."""
        if delivery.event is None:
            return self._count("ignored")
        claim = self._events.claim(delivery.event_id)
        if claim == "handled":
            return self._count("replayed")
        if claim == "busy":
            self._count("busy")
            raise Conflict("The event is being handled; deliver it again.")
        try:
            self._handle(delivery.event)
        except BaseException:
            self._count("failed")
            self._events.release(delivery.event_id)
            raise
        self._events.mark_handled(delivery.event_id)
        return self._count("handled")

    def _count(self, result: str) -> None:
        self._deliveries.labels(result).inc()


def blueprint(
    settings: PaymentSettings,
    events: PaymentEventRepository,
    handle: PaymentEventHandler,
    deliveries: Counter,
) -> Blueprint:
    """Build the route of the webhook.

    Args:
        settings: How events are signed.
        events: Records which events were handled.
        handle: Acts on events of bookings.
        deliveries: ``business.PAYMENT_EVENTS``.
    """
    routes = Blueprint("payments", __name__, url_prefix="/api/v1/payments")
    receiver = _Webhook(settings, events, handle, deliveries)

    @routes.post("/webhook")
    @rate_limits.unlimited
    @operation(
        TAG,
        RECEIVED,
        headers=SignatureHeader,
        stream={"application/json": stripe_events.SCHEMA},
        problems=(400, 409),
    )
    @any_accept
    def webhook(headers: SignatureHeader) -> Response:
        """Receive a Stripe event

        Stripe calls this and signs each event. Repeated deliveries of an event have no further
        effect.
        """
        if not request.is_json:
            raise UnsupportedMediaType(
                "The body should be JSON with Content-Type: application/json."
            )
        receiver.receive(receiver.read(headers.signature))
        return json_response(Receipt())

    return routes
