"""The whole service with a stand-in language model and the settings that a test needs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.settings import AccountSettings
from service.bootstrap import Service
from service.settings import telemetry_config
from telemetry import Telemetry
from telemetry.requests import inheritance
from tests.machine import PATIENCE_SECONDS
from tests.model_server import ModelServer
from tests.service.members import bearer

MESSAGES = "/api/v1/companion/messages"
CONVERSATIONS = "/api/v1/companion/conversations"
ADA, BOB = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "0a1b2c3d-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
QUICK = {
    "COMPANION_CONNECT_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
    "COMPANION_FIRST_BYTE_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
    "COMPANION_ANSWER_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
    "COMPANION_RETRIES": "0",
    "COMPANION_CIRCUIT_FAILURES": "1000",
    "RATE_LIMITS": "false",
}
"""One attempt, with long time-outs, and without circuit breaker and rate limit."""


@pytest.fixture(scope="session")
def model_server() -> Iterator[ModelServer]:
    """A stand-in model, shared by all tests."""
    with ModelServer() as server:
        yield server


@pytest.fixture
def model(model_server: ModelServer) -> ModelServer:
    """The stand-in model, reset to reply at once."""
    model_server.reset()
    return model_server


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Telemetry that samples no trace; greenlets inherit their request, as in production."""
    settings = {
        "DEPLOYMENT_ENVIRONMENT": "test",
        "TELEMETRY_STRICT": "true",
        "OTEL_TRACES_SAMPLER": "always_off",
    }
    telemetry = Telemetry(telemetry_config(settings))
    inheritance.install()
    yield telemetry
    inheritance.uninstall()
    telemetry.shutdown()


@dataclass
class Companion:
    """A client of the service, with requests to the companion."""

    client: FlaskClient
    service: Service

    @property
    def telemetry(self) -> Telemetry:
        """The service's telemetry."""
        return self.service.telemetry

    def send(self, message: str = "hello", account: str = ADA, **body: Any) -> Any:
        """Send a message; the whole response is read."""
        return self.client.post(
            MESSAGES, json={"message": message, **body}, headers=member(account)
        )

    def stream(
        self, message: str = "hello", account: str = ADA, **body: Any
    ) -> list[tuple[str, Any]]:
        """Send a message, and return the events of its reply."""
        response = self.send(message, account, stream=True, **body)
        assert (response.status_code, response.mimetype) == (200, "text/event-stream"), (
            response.get_data(as_text=True)
        )
        return events(response.get_data(as_text=True))

    def get(self, path: str, account: str = ADA) -> Any:
        """Get a resource."""
        return self.client.get(path, headers=member(account))

    def results(self) -> dict[str, int]:
        """Return the number of messages by result."""
        samples = [one for family in self.telemetry.registry.collect() for one in family.samples]
        return {
            one.labels["result"]: int(one.value)
            for one in samples
            if one.name == "serene_companion_seconds_count"
        }

    def active_calls(self) -> int:
        """Return the gauge of running calls of the model."""
        return int(self.telemetry.registry.get_sample_value("serene_companion_calls") or 0)

    def circuit(self) -> str:
        """Return the state of the circuit breaker from its metric."""
        samples = [one for family in self.telemetry.registry.collect() for one in family.samples]
        (state,) = [
            one.labels["state"]
            for one in samples
            if one.name == "serene_companion_circuit_state" and one.value == 1
        ]
        return str(state)


Make = Callable[..., Companion]


@pytest.fixture
def companion_with(build_service: Callable[..., Service], model: ModelServer) -> Make:
    """Build the service with settings of a test's own."""

    def make(**settings: str) -> Companion:
        limited = {"RATE_LIMIT_EXEMPT_NETWORKS": ""}
        own = {"COMPANION_BASE_URL": model.url} | limited | QUICK | settings
        service = build_service(own)
        return Companion(service.app.test_client(), service)

    return make


@pytest.fixture
def companion(companion_with: Make) -> Companion:
    """The service with default settings, except for QUICK."""
    return companion_with()


@pytest.fixture
def service(companion: Companion) -> Service:
    """The service that the companion is part of."""
    return companion.service


def member(account: str = ADA, role: Any = "member") -> dict[str, str]:
    """Return the Authorization header of an account."""
    return bearer(AccessTokens(AccountSettings.from_env({})).issue(Identity(account, role)))


def events(text: str) -> list[tuple[str, Any]]:
    """Parse server-sent events; a comment becomes an event without a name."""
    found = []
    for block in text.split("\n\n")[:-1]:
        if block.startswith(":"):
            found.append(("", None))
        else:
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found
