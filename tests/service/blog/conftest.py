"""Authors, an admin and a reader, on an empty database."""

import pytest

from tests.service.blog.calls import Staff
from tests.service.members import member, with_role


@pytest.fixture
def client(service):
    """A client of the app on an empty database."""
    return service.app.test_client()


@pytest.fixture
def staff(client, service):
    return Staff(
        with_role(client, service, "author", name="Mara", email="mara@serene-mail.com"),
        with_role(client, service, "author", name="Tom", email="tom@serene-mail.com"),
        with_role(client, service, "admin", name="Root", email="root@serene-mail.com"),
        member(client, name="Rita", email="rita@serene-mail.com"),
    )
