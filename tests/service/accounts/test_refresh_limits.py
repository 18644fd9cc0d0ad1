"""Limits of renewals: by login, so that an office behind one address renews all of its logins."""

import pytest

from tests.service.members import AUTH, login, member
from tests.service.rate_limits.rate_limit_helpers import counted


def refresh(client, token: str):
    return client.post(f"{AUTH}/refresh", json={"refresh_token": token})


@pytest.fixture
def office(build_service):
    """A client whose address is limited."""
    settings = {"RATE_LIMIT_EXEMPT_NETWORKS": "", "RATE_LIMIT_REFRESH": "3/minute"}
    return build_service(settings).app.test_client()


def test_office_behind_one_address_renews_its_logins(office):
    token = member(office).tokens["refresh_token"]
    tokens = [token, *(login(office).get_json()["refresh_token"] for _ in range(39))]
    answers = [refresh(office, token) for token in tokens]
    assert {answer.status_code for answer in answers} == {200}


def test_renewals_are_limited_by_login(office):
    token = member(office).tokens["refresh_token"]
    other = login(office).get_json()["refresh_token"]
    answers = [refresh(office, token) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert answers[-1].headers["RateLimit-Policy"] == '"refresh";q=3;w=60'
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert refresh(office, other).status_code == 200
    assert counted(office, "serene_login_renewals_total") == {
        "renewed": 2,
        "grace": 2,
        "limited": 2,
    }


def test_nonsense_of_an_address_is_limited(build_service):
    settings = {"RATE_LIMIT_EXEMPT_NETWORKS": "", "RATE_LIMIT_ANONYMOUS": "3/minute"}
    client = build_service(settings).app.test_client()
    answers = [refresh(client, f"nonsense-{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [401] * 3 + [429]
    assert answers[-1].headers["RateLimit-Policy"] == '"anonymous";q=3;w=60'
