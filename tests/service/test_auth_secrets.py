"""No e-mail, password, name or token of the routes of accounts in any log line, span or metric."""

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from service.app import create_app
from service.store import connect
from telemetry import Telemetry
from tests.service.accounts import AUTH, bearer, login, registration
from tests.service.conftest import ClosingClient

EMAIL = "canary.tweet@serene-mail.com"
WRONG = "canary-wrong-password"
PASSWORD = "canary-first-password"
NEW = "canary-second-password"


@pytest.fixture
def telemetry():
    """Telemetry that keeps every trace, as nothing else in these tests does."""
    telemetry = Telemetry.from_env({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
    yield telemetry
    telemetry.shutdown()


@pytest.fixture
def spans(telemetry):
    exporter = InMemorySpanExporter()
    telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def client(config, telemetry):
    """A client of the app on a database that is watched as in production."""
    store = connect(config, telemetry.mongo_listeners())
    store.set_up()
    telemetry.lifecycle.ready()
    telemetry.logs.install()
    app = create_app(config, telemetry, store)
    app.test_client_class = ClosingClient
    yield app.test_client()
    telemetry.logs.uninstall()
    store.client.drop_database(store.database.name)
    store.close()


def use_every_route(client) -> tuple[list[int], list[str]]:
    """Calls that go well and that do not; returns their statuses, and the tokens that were given."""
    statuses, tokens = [], []

    def post(route, body, headers=None):
        response = client.post(f"{AUTH}/{route}", json=body, headers=headers)
        statuses.append(response.status_code)
        found = response.get_json(force=True, silent=True) or {}
        tokens.extend(found[name] for name in ("access_token", "refresh_token") if name in found)
        return found

    post("register", registration(email=EMAIL, password=PASSWORD, name="canary name"))
    post("register", registration(email=EMAIL, password=PASSWORD))
    post("register", registration(email=EMAIL, password="canary"))
    post("login", {"email": EMAIL, "password": WRONG})
    pair = post("login", {"email": EMAIL, "password": PASSWORD})
    headers = bearer(pair["access_token"])
    statuses.append(client.get(f"{AUTH}/me", headers=headers).status_code)
    statuses.append(client.get(f"{AUTH}/me?access_token={pair['access_token']}", headers=bearer("canary.bad.token")).status_code)
    post("refresh", {"refresh_token": pair["refresh_token"]})
    post("refresh", {"refresh_token": pair["refresh_token"]})
    post("password", {"current_password": WRONG, "new_password": NEW}, headers)
    post("password", {"current_password": PASSWORD, "new_password": NEW}, headers)
    post("logout", {"refresh_token": tokens[-1]})
    statuses.extend(login(client, EMAIL, WRONG).status_code for _ in range(6))
    return statuses, tokens


def test_no_secret_is_in_a_log_a_span_or_a_metric(client, telemetry, spans, capfd):
    statuses, tokens = use_every_route(client)
    assert statuses == [201, 409, 422, 401, 200, 200, 401, 200, 401, 403, 200, 204, *[401] * 5, 429]
    assert len(tokens) == 6

    logged = "".join(capfd.readouterr())
    traced = "".join(span.to_json() for span in spans.get_finished_spans())
    measured = generate_latest(telemetry.registry).decode()
    assert logged.count('"logger":"access"') == len(statuses)
    assert {"POST /api/v1/auth/login", "GET /api/v1/auth/me"} <= {span.name for span in spans.get_finished_spans()}
    assert 'db.collection.name": "credentials"' in traced
    assert 'serene_logins_total{result="success"} 1.0' in measured

    secrets = {EMAIL, EMAIL.upper(), PASSWORD, WRONG, NEW, "canary", *tokens}
    secrets |= {part for token in tokens for part in token.split(".")[1:]}
    sinks = {"logs": logged, "spans": traced, "metrics": measured}
    assert [(sink, secret) for sink, text in sinks.items() for secret in secrets if secret in text] == []
