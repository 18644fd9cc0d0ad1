"""Two members who store files."""

import pytest

from tests.service.members import member


@pytest.fixture
def ada(client):
    return member(client)


@pytest.fixture
def bob(client):
    return member(client, email="bob@serene-mail.com", name="Bob")
