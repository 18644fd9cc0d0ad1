"""The companion on a model of its own: the whole app, with the settings that a test needs."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gevent
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
"""One attempt, which may take long, and neither a circuit breaker nor a limit in the way."""


@pytest.fixture(scope="session")
def model_server() -> Iterator[ModelServer]:
    """A model that all tests share."""
    with ModelServer() as server:
        yield server


@pytest.fixture
def model(model_server: ModelServer) -> ModelServer:
    """A model that answers at once."""
    model_server.reset()
    return model_server


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Telemetry of which no trace is kept; greenlets belong to the request that spawned them, as in
    production.
    """
    settings = {
        "DEPLOYMENT_ENVIRONMENT": "test",
        "TELEMETRY_STRICT": "true",
        "OTEL_TRACES_SAMPLER_ARG": "0",
    }
    telemetry = Telemetry(telemetry_config(settings))
    inheritance.install()
    yield telemetry
    inheritance.uninstall()
    telemetry.shutdown()


@dataclass
class Companion:
    """The app, and who talks to it."""

    client: FlaskClient
    service: Service

    @property
    def telemetry(self) -> Telemetry:
        """What observes the service."""
        return self.service.telemetry

    def say(self, message: str = "hello", account: str = ADA, **body: Any) -> Any:
        """Say something; the answer is read whole."""
        return self.client.post(
            MESSAGES, json={"message": message, **body}, headers=member(account)
        )

    def stream(
        self, message: str = "hello", account: str = ADA, **body: Any
    ) -> list[tuple[str, Any]]:
        """Say something, and take the answer as events."""
        response = self.say(message, account, stream=True, **body)
        assert (response.status_code, response.mimetype) == (200, "text/event-stream"), (
            response.get_data(as_text=True)
        )
        return events(response.get_data(as_text=True))

    def get(self, path: str, account: str = ADA) -> Any:
        """Read something."""
        return self.client.get(path, headers=member(account))

    def results(self) -> dict[str, int]:
        """How many messages fared how."""
        samples = [one for family in self.telemetry.registry.collect() for one in family.samples]
        return {
            one.labels["result"]: int(one.value)
            for one in samples
            if one.name == "serene_companion_seconds_count"
        }

    def calls(self) -> int:
        """Calls of the model that are under way."""
        return int(self.telemetry.registry.get_sample_value("serene_companion_calls") or 0)

    def circuit(self) -> str:
        """State of the circuit breaker, as the metric tells it."""
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
    """Builds the service with settings of a test's own, observed as in production."""

    def make(**settings: str) -> Companion:
        limited = {"RATE_LIMIT_EXEMPT_NETWORKS": ""}
        own = {"COMPANION_BASE_URL": model.url} | limited | QUICK | settings
        service = build_service(own)
        return Companion(service.app.test_client(), service)

    return make


@pytest.fixture
def companion(companion_with: Make) -> Companion:
    """The app with the usual settings, but for retries and the circuit breaker."""
    return companion_with()


@pytest.fixture
def service(companion: Companion) -> Service:
    """The service that the companion is part of."""
    return companion.service


def member(account: str = ADA, role: Any = "member") -> dict[str, str]:
    """What shows who calls."""
    return bearer(AccessTokens(AccountSettings.from_env({})).issue(Identity(account, role)))


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events; a comment is an event without a name."""
    found = []
    for block in text.split("\n\n")[:-1]:
        if block.startswith(":"):
            found.append(("", None))
        else:
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        gevent.sleep(0.02)
