"""The payment provider's webhook. Whoever calls is known by the signature of the body; what an
event means is the handler's affair.

Stripe delivers again, for days, whatever is not answered 2xx: an event that could not be handled,
or that somebody is at, is answered so.
"""

from typing import Final, Literal

from flask import Blueprint, Response, request
from prometheus_client import Counter
from pydantic import BaseModel, Field
from werkzeug.exceptions import BadRequest, Conflict, UnsupportedMediaType

from service import rate_limits
from service.http.operation import ResponseSpec, operation
from service.http.responses import Model, json_response
from service.payments import events
from service.payments.events import BadEvent, Delivery, PaymentEventHandler
from service.payments.repository import PaymentEvents
from service.payments.settings import PaymentSettings

TAG: Final = "Payments"
SIGNATURE: Final = "Stripe-Signature"


class SignatureHeader(BaseModel):
    """How the body is signed."""

    signature: str = Field(
        "",
        alias=SIGNATURE,
        description="Time and signatures of the body: `t=…,v1=…`; without one it is not taken.",
    )


class Receipt(Model):
    """That an event was taken."""

    received: Literal[True] = True


TAKEN: Final = {200: ResponseSpec("Taken: handled now or before, or of no interest.", Receipt)}


class _Webhook:
    def __init__(
        self,
        settings: PaymentSettings,
        store: PaymentEvents,
        handle: PaymentEventHandler,
        received: Counter,
    ) -> None:
        self._secret = settings.stripe_webhook_secret.get_secret_value()
        self._tolerance_seconds = settings.stripe_webhook_tolerance_seconds
        self._store = store
        self._handle = handle
        self._received = received

    def read(self, signature: str) -> Delivery:
        """What the current request delivers; 400 when it is not Stripe's."""
        try:
            return events.read(request.get_data(), signature, self._secret, self._tolerance_seconds)
        except BadEvent as error:
            self.count("refused")
            raise BadRequest(str(error)) from None

    def take(self, delivery: Delivery) -> None:
        """Handle an event, unless it was handled; 409 while somebody else is at it."""
        if delivery.event is None:
            return self.count("ignored")
        claim = self._store.claim(delivery.event_id)
        if claim == "handled":
            return self.count("replayed")
        if claim == "busy":
            self.count("busy")
            raise Conflict("The event is being handled; deliver it again.")
        try:
            self._handle(delivery.event)
        except BaseException:
            self.count("failed")
            self._store.release(delivery.event_id)
            raise
        self._store.done(delivery.event_id)
        return self.count("handled")

    def count(self, result: str) -> None:
        """Count a delivery."""
        self._received.labels(result).inc()


def blueprint(
    settings: PaymentSettings, store: PaymentEvents, handle: PaymentEventHandler, received: Counter
) -> Blueprint:
    """The route of the webhook.

    Args:
        settings: How its events are signed.
        store: Remembers which were handled.
        handle: Acts on those that are about bookings.
        received: ``business.PAYMENT_EVENTS``.
    """
    routes = Blueprint("payments", __name__, url_prefix="/api/v1/payments")
    taker = _Webhook(settings, store, handle, received)

    @routes.post("/webhook")
    @rate_limits.unlimited
    @operation(
        TAG,
        TAKEN,
        headers=SignatureHeader,
        stream={"application/json": events.SCHEMA},
        problems=(400, 409),
    )
    def webhook(headers: SignatureHeader) -> Response:
        """An event of Stripe, signed for this webhook; the same one again changes nothing."""
        if not request.is_json:
            raise UnsupportedMediaType(
                "The body should be JSON, and Content-Type should say so: application/json."
            )
        taker.take(taker.read(headers.signature))
        return json_response(Receipt())

    return routes
