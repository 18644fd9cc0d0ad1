"""Authors, an admin and a reader, on an empty database."""

import pytest

from service.app import create_app
from tests.service.accounts import member, with_role
from tests.service.authoring.calls import Staff
from tests.service.clients import ClosingClient


@pytest.fixture
def client(config, telemetry, store):
    """A client of the app on an empty database."""
    telemetry.lifecycle.ready()
    app = create_app(config, telemetry, store)
    app.test_client_class = ClosingClient
    return app.test_client()


@pytest.fixture
def staff(client, store):
    return Staff(
        with_role(client, store, "author", name="Mara", email="mara@serene-mail.com"),
        with_role(client, store, "author", name="Tom", email="tom@serene-mail.com"),
        with_role(client, store, "admin", name="Root", email="root@serene-mail.com"),
        member(client, name="Rita", email="rita@serene-mail.com"),
    )
