"""Bookings through the app, on the real database, with a provider and a clock of the test's own."""

import pytest

from service.bootstrap import Service
from tests.service.clients import PATIENT
from tests.service.sessions.api import SessionsApi
from tests.service.sessions.clinic import Clinic


@pytest.fixture
def environ(database_uri) -> dict[str, str]:
    """With limits; hundreds of requests at once share ten connections."""
    cheap = {"PASSWORD_TIME_COST": "1", "PASSWORD_MEMORY_KIB": "8"}
    return {"MONGODB_URI": database_uri, **cheap, **PATIENT}


@pytest.fixture
def clinic(build_service) -> Clinic:
    return Clinic(build_service)


@pytest.fixture
def api(clinic) -> SessionsApi:
    return SessionsApi(clinic)


@pytest.fixture
def service(clinic) -> Service:
    """The service of the clinic."""
    return clinic.service
