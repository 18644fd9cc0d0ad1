"""The whole app on the real database, a Stripe and a model, watched as in production, and all that
it tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from service.app import create_app
from service.booking import assemble
from service.config import ServiceConfig, telemetry_environ
from service.payments import StripePayments
from service.store import Store, connect
from telemetry import Telemetry
from telemetry.requests import inheritance
from tests.model_server import ModelServer
from tests.service.clients import ClosingClient
from tests.service.payments.signed import SECRET


@dataclass
class Watched:
    """The app, and what is told of it."""

    client: FlaskClient
    store: Store
    telemetry: Telemetry
    spans: InMemorySpanExporter
    captured: pytest.CaptureFixture[str]

    @property
    def document(self) -> dict[str, Any]:
        """The app's own OpenAPI document."""
        found: dict[str, Any] = self.client.get("/api/v1/openapi.json").get_json()
        return found

    def told(self) -> dict[str, str]:
        """All that the three sinks have been told; logs since the last time."""
        return {
            "logs": "".join(self.captured.readouterr()),
            "spans": "\n".join(span.to_json() for span in self.spans.get_finished_spans()),
            "metrics": generate_latest(self.telemetry.registry).decode(),
        }


@contextmanager
def watching(
    database_uri: str, stripe_environ: dict[str, str], captured: pytest.CaptureFixture[str]
) -> Iterator[Watched]:
    """The app, for as long as the block.

    Args:
        database_uri: A database that is dropped at the end.
        stripe_environ: Settings for a Stripe.
        captured: pytest's capture of what is written.
    """
    with ModelServer() as model:
        # Every trace is kept, as nothing else in these tests does.
        telemetry = Telemetry.from_env(
            telemetry_environ({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
        )
        exporter = InMemorySpanExporter()
        telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
        own = {
            "MONGODB_URI": database_uri,
            "COMPANION_BASE_URL": model.url,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_RETRIES": "0",
        }
        cheap = {
            "PASSWORD_TIME_COST": "1",
            "PASSWORD_MEMORY_KIB": "8",
            "RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.0/8",
        }
        config = ServiceConfig.from_env(stripe_environ | own | cheap)
        store = connect(config, telemetry.mongo_listeners())
        store.set_up()
        payments = StripePayments(config, telemetry)
        telemetry.lifecycle.ready()
        telemetry.logs.install()
        inheritance.install()
        app = create_app(
            config, telemetry, store, bookings=assemble(config, telemetry, store, payments)
        )
        app.test_client_class = ClosingClient
        yield Watched(app.test_client(use_cookies=False), store, telemetry, exporter, captured)
        inheritance.uninstall()
        telemetry.logs.uninstall()
        payments.close()
        store.client.drop_database(store.database.name)
        store.close()
        telemetry.shutdown()
