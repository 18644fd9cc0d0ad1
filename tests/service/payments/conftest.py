"""A gateway on the real stripe-mock, in requests of an app with telemetry as in production."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from service.payments.settings import PaymentSettings
from service.payments.stripe_gateway import StripeGateway
from telemetry import CompletedRequest, Telemetry
from tests.machine import PATIENCE_SECONDS
from tests.stripe_mock import StripeMock
from tests.support.delivered import delivered


@dataclass
class Observed:
    """The signals of one request."""

    record: CompletedRequest
    server: Any
    calls: list[Any]


class Shop:
    """An app whose one route runs ``work``, with the whole telemetry layer, and its gateway.

    Args:
        environ: Settings beside those of tests.
    """

    def __init__(self, environ: dict[str, str]) -> None:
        self.telemetry = Telemetry.from_env(
            {"TELEMETRY_STRICT": "true", "TELEMETRY_CPU_PHASE": "false", **environ}
        )
        patient = {
            "STRIPE_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
            "STRIPE_CALL_SECONDS": str(PATIENCE_SECONDS),
        }
        self.payments = StripeGateway(
            PaymentSettings.from_env({**patient, **environ}), self.telemetry
        )
        self.records: list[CompletedRequest] = []
        self.telemetry.recorder.add_sink("test", self.records.append)
        app = Flask("shop")
        app.add_url_rule("/", view_func=lambda: self.work() or "done")
        self.telemetry.init_app(app)
        self.client = app.test_client()
        self.work: Callable[[], Any] = lambda: None

    def run(self, work: Callable[[], Any]) -> Observed:
        """Serve one request that does the work."""
        self.work = work
        self.client.get("/", buffered=True)
        *calls, server = delivered(self.telemetry.tracing.queue)
        return Observed(self.records[-1], server, calls)

    def counted(self) -> dict[tuple[str, str], float]:
        """Return the calls so far by operation and result."""
        (family,) = self.telemetry.registry.restricted_registry(["serene_payments_total"]).collect()
        return {
            (sample.labels["operation"], sample.labels["result"]): sample.value
            for sample in family.samples
            if sample.name == "serene_payments_total"
        }


@pytest.fixture
def shop_of() -> Iterator[Callable[..., Shop]]:
    """Build shops with settings of the test's own."""
    shops = []

    def make(**environ: str) -> Shop:
        shops.append(Shop(environ))
        return shops[-1]

    yield make
    for shop in shops:
        shop.payments.close()


@pytest.fixture
def shop(shop_of: Callable[..., Shop], stripe_mock: StripeMock) -> Shop:
    """A shop on the shared stripe-mock."""
    return shop_of(**stripe_mock.environ)


@pytest.fixture
def key() -> str:
    """An unused idempotency key."""
    return uuid4().hex


def order(key: str, method: str = "pm_card_visa", **changes: Any) -> dict[str, Any]:
    """Return the arguments of a booking's payment."""
    return {
        "amount": 9000,
        "currency": "eur",
        "method": method,
        "booking_id": "booking-1",
        "key": key,
    } | changes
