"""``PaymentGateway`` with Stripe's official library.

A declined card is a result. Whatever leaves open whether money was taken, or needs a change of this
service's account, is ``PaymentsUnavailable``, whose cause is not chained: the library's errors hold
whole responses.

Source: https://docs.stripe.com/payments/paymentintents/lifecycle for the states,
https://docs.stripe.com/api/errors for the errors.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import gevent
import stripe

from service import metrics as business
from service.payments.gateway import PaymentRefused, PaymentsUnavailable
from service.payments.instrumented_client import InstrumentedClient
from service.payments.model import Payment, PaymentStatus, Refund, RefundStatus
from service.payments.settings import PaymentSettings
from telemetry import Telemetry

log: Final = logging.getLogger(__name__)

_STATUSES: Final[dict[str, PaymentStatus]] = {
    "succeeded": "succeeded",
    "processing": "processing",
    "requires_action": "action_required",
    "requires_confirmation": "action_required",
    "requires_capture": "processing",
    "requires_payment_method": "declined",
    "canceled": "declined",
}
_REFUND_STATUSES: Final[dict[str | None, RefundStatus]] = {
    "pending": "pending",
    "requires_action": "requires_action",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
    None: "succeeded",  # of old refunds
}
_ALREADY_REFUNDED: Final = "charge_already_refunded"
_REPLAYED: Final = "Idempotent-Replayed"

T = TypeVar("T")


class StripeGateway:
    """``PaymentGateway`` of one Stripe account.

    Args:
        settings: The account, and time limits.
        telemetry: Of this worker.
    """

    def __init__(self, settings: PaymentSettings, telemetry: Telemetry) -> None:
        # It would write a file into the home folder, read the platform in every call, and send the
        # duration of the last one to Stripe.
        stripe.enable_telemetry = False
        # Below that level it logs Stripe's messages, and whole bodies.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        self._http = InstrumentedClient(telemetry, settings.stripe_timeout_seconds)
        self._stripe = stripe.StripeClient(
            settings.stripe_api_key.get_secret_value(),
            base_addresses={"api": settings.stripe_api_base},
            max_network_retries=settings.stripe_retries,
            http_client=self._http,
        )
        self._call_seconds = settings.stripe_call_seconds
        self._calls = telemetry.metrics.counter(business.PAYMENTS)

    def pay(self, *, amount: int, currency: str, method: str, booking_id: str, key: str) -> Payment:
        """See ``PaymentGateway.pay``.

        Raises:
            PaymentsUnavailable: No response; repeat the call with the same key.
            PaymentRefused: Stripe rejected the request; no money moved.
        """
        return self._counted(
            "pay",
            lambda: self._pay(amount, currency, method, booking_id, key),
            lambda payment: payment.status,
        )

    def refund(self, *, payment_id: str, amount: int, key: str) -> Refund:
        """See ``PaymentGateway.refund``.

        Of a payment that was refunded in full before, return the latest refund.

        Raises:
            PaymentsUnavailable: No response; repeat the call with the same key.
            PaymentRefused: Stripe rejected the request; no money moved.
        """
        return self._counted(
            "refund",
            lambda: self._refund(payment_id, amount, key),
            lambda refund: refund.status,
        )

    def find_refund(self, refund_id: str) -> Refund:
        """See ``PaymentGateway.find_refund``.

        Raises:
            PaymentsUnavailable: No response.
            PaymentRefused: Stripe rejected the request.
        """
        return self._counted(
            "find_refund", lambda: self._find_refund(refund_id), lambda refund: refund.status
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _pay(self, amount: int, currency: str, method: str, booking_id: str, key: str) -> Payment:
        try:
            with self._available():
                intent = self._stripe.v1.payment_intents.create(
                    {
                        "amount": amount,
                        "currency": currency,
                        "payment_method": method,
                        "confirm": True,
                        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                        "metadata": {"booking_id": booking_id},
                    },
                    {"idempotency_key": key},
                )
                if _is_open(intent) and _is_replayed(intent):
                    intent = self._stripe.v1.payment_intents.retrieve(intent.id)
        except stripe.CardError as error:
            failed = getattr(error.error, "payment_intent", None)
            return Payment(failed["id"] if failed else "", "declined", amount, currency)
        except stripe.InvalidRequestError as error:
            if error.param != "payment_method":
                raise _rejection(error) from None
            # No such card exists: the client's mistake.
            return Payment("", "declined", amount, currency)
        status = _status(intent)
        client_secret = intent.client_secret if status == "action_required" else None
        return Payment(intent.id, status, intent.amount, intent.currency, client_secret or "")

    def _refund(self, payment_id: str, amount: int, key: str) -> Refund:
        try:
            with self._available():
                refund = self._stripe.v1.refunds.create(
                    # No further member: Stripe refuses a key that comes with other parameters, and
                    # a release before this one may have sent it.
                    {"payment_intent": payment_id, "amount": amount},
                    {"idempotency_key": key},
                )
                return _refund(refund)
        except stripe.InvalidRequestError as error:
            if error.code != _ALREADY_REFUNDED:
                raise _rejection(error) from None
        # Stripe forgets keys after a day, so a late second attempt continues here.
        with self._available():
            latest = self._stripe.v1.refunds.list({"payment_intent": payment_id, "limit": 1})
            return _refund(latest.data[0])

    def _find_refund(self, refund_id: str) -> Refund:
        try:
            with self._available():
                return _refund(self._stripe.v1.refunds.retrieve(refund_id))
        except stripe.InvalidRequestError as error:
            raise _rejection(error) from None

    @contextmanager
    def _available(self) -> Iterator[None]:
        # The library limits each part of a response; a server that sends a byte now and then is
        # limited only here.
        limit = gevent.Timeout(self._call_seconds)
        try:
            with limit:
                yield
        except gevent.Timeout as timeout:
            if timeout is not limit:
                raise
            raise PaymentsUnavailable("no response in time") from None
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            # Without the exception, which holds the response.
            log.error(  # noqa: TRY400
                "Stripe rejects the API key", extra={"fields": {"stripe_request": error.request_id}}
            )
            raise PaymentsUnavailable("the API key is rejected") from None
        except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
            raise PaymentsUnavailable(type(error.__cause__ or error).__name__) from None
        except stripe.IdempotencyError as error:
            raise _rejection(error) from None

    def _counted(self, operation: str, call: Callable[[], T], result_of: Callable[[T], str]) -> T:
        result = "error"
        try:
            returned = call()
            result = result_of(returned)
        except PaymentsUnavailable:
            result = "unavailable"
            raise
        finally:
            self._calls.labels(operation, result).inc()
        return returned


def _status(intent: stripe.PaymentIntent) -> PaymentStatus:
    # A state unknown to this service is not final: the webhook reports the result.
    return _STATUSES.get(intent.status, "processing")


def refund_status(word: str | None) -> RefundStatus:
    """Return the state that Stripe's word stands for; an unknown one is not final."""
    return _REFUND_STATUSES.get(word, "pending")


def _refund(refund: stripe.Refund) -> Refund:
    status, amount = getattr(refund, "status", None), getattr(refund, "amount", 0)
    return Refund(refund.id, refund_status(status), amount)


def _is_open(intent: stripe.PaymentIntent) -> bool:
    return _status(intent) in ("processing", "action_required")


def _is_replayed(intent: stripe.PaymentIntent) -> bool:
    # Then it is the response to the key's first request, and the payment may have changed since.
    response = intent.last_response
    return response is not None and response.headers.get(_REPLAYED) == "true"


def _rejection(error: stripe.StripeError) -> PaymentRefused:
    reason = error.code or type(error).__name__
    return PaymentRefused(f"{reason}, Stripe's request {error.request_id}")
