"""The whole service with a database, a Stripe and a language model, and all of its signals."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from service.bootstrap import Service, build
from service.settings import telemetry_config
from telemetry import Telemetry
from telemetry.requests import inheritance
from tests.model_server import ModelServer
from tests.service.clients import ClosingClient
from tests.service.payments.signed import SECRET


@dataclass
class InstrumentedApp:
    """The service and its signals."""

    client: FlaskClient
    service: Service
    spans: InMemorySpanExporter
    captured: pytest.CaptureFixture[str]

    @property
    def telemetry(self) -> Telemetry:
        """Telemetry of the service."""
        return self.service.telemetry

    @property
    def document(self) -> dict[str, Any]:
        """The app's own OpenAPI document."""
        found: dict[str, Any] = self.client.get("/api/v1/openapi.json").get_json()
        return found

    def signals(self) -> dict[str, str]:
        """Return everything that the three sinks received; logs since the last call."""
        return {
            "logs": "".join(self.captured.readouterr()),
            "spans": "\n".join(span.to_json() for span in self.spans.get_finished_spans()),
            "metrics": generate_latest(self.telemetry.registry).decode(),
        }


@contextmanager
def instrumented_app(
    environ: dict[str, str], captured: pytest.CaptureFixture[str]
) -> Iterator[InstrumentedApp]:
    """Run the service for as long as the block.

    Args:
        environ: Settings; their database is dropped at the end.
        captured: pytest's capture of the output.
    """
    with ModelServer() as model:
        # Every trace is sampled, unlike in the other tests.
        telemetry = Telemetry(
            telemetry_config({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
        )
        exporter = InMemorySpanExporter()
        telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
        own = {
            "COMPANION_BASE_URL": model.url,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_RETRIES": "0",
        }
        service = build(environ | own, telemetry=telemetry)
        service.mongo.set_up()
        telemetry.lifecycle.ready()
        telemetry.logs.install()
        inheritance.install()
        service.app.test_client_class = ClosingClient
        client = service.app.test_client(use_cookies=False)
        yield InstrumentedApp(client, service, exporter, captured)
        inheritance.uninstall()
        telemetry.logs.uninstall()
        service.mongo.client.drop_database(service.mongo.database.name)
        telemetry.shutdown()
