"""Routes of accounts: complete responses, on the real database."""

import gevent
import pytest

from tests.service.clients import problem
from tests.service.members import AUTH, EMAIL, PASSWORD, login, member, registration

LOCKOUT_SECONDS = 120.0


@pytest.fixture
def environ(environ):
    """Settings with a lockout that is longer than a test on a slow machine."""
    return environ | {"LOGIN_FIRST_LOCKOUT_SECONDS": str(LOCKOUT_SECONDS)}


@pytest.fixture
def client(service):
    """A client of the service on an empty database."""
    return service.app.test_client()


def refresh(client, token: str):
    return client.post(f"{AUTH}/refresh", json={"refresh_token": token})


def results(telemetry) -> dict[str, float]:
    families = telemetry.registry.restricted_registry(["serene_logins_total"]).collect()
    return {
        sample.labels["result"]: sample.value for family in families for sample in family.samples
    }


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        (
            {"password": "short"},
            [
                {
                    "field": "password",
                    "reason": "Value should have at least 10 items after validation, not 5",
                }
            ],
        ),
        ({"name": ""}, [{"field": "name", "reason": "should have at least 1 character"}]),
        ({"role": "admin"}, [{"field": "role", "reason": "Extra inputs are not permitted"}]),
        ({"email": 1, "name": "a\nb"}, None),
    ],
)
def test_invalid_fields_are_listed_and_values_are_not_repeated(client, changes, errors):
    response = client.post(f"{AUTH}/register", json=registration(**changes))
    body = response.get_json(force=True)
    assert (response.status_code, body["type"]) == (422, "urn:serene:problem:invalid-parameters")
    assert [error["field"] for error in body["errors"]] == list(changes)
    assert errors is None or body["errors"] == errors
    assert PASSWORD not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": "[" * 100_000, "content_type": "application/json"}, 400),
        ({"data": b'{"email": "\xff"}', "content_type": "application/json"}, 400),
        ({"data": "{}", "content_type": "text/plain"}, 415),
        ({"json": []}, 422),
    ],
)
def test_malformed_body_is_a_problem(client, sent, status):
    assert problem(client.post(f"{AUTH}/login", **sent))[0] == status


def test_login_returns_tokens_of_the_account(client, telemetry):
    ada = member(client)
    assert ada.tokens == {
        "access_token": ada.tokens["access_token"],
        "token_type": "Bearer",
        "expires_in": 900,
        "refresh_token": ada.tokens["refresh_token"],
    }
    assert client.get(f"{AUTH}/me", headers=ada.headers).get_json() == ada.account
    assert login(client).headers["Cache-Control"] == "no-store"
    assert results(telemetry) == {"success": 2.0}


def test_wrong_password_and_unknown_email_get_the_same_response(client, telemetry):
    member(client)
    answers = [
        login(client, password="not the password"),
        login(client, email="unknown@serene-mail.com"),
    ]
    bodies = [response.get_json(force=True) | {"request_id": ""} for response in answers]

    assert bodies[0] == bodies[1]
    assert [problem(response) for response in answers] == [
        (401, "The e-mail or the password is wrong.")
    ] * 2
    assert {response.headers["WWW-Authenticate"] for response in answers} == {
        'Bearer realm="Serene API"'
    }
    assert results(telemetry) == {"success": 1.0, "failure": 2.0}


def test_logout_ends_the_login(client):
    token = member(client).tokens["refresh_token"]
    response = client.post(f"{AUTH}/logout", json={"refresh_token": token})
    assert (response.status_code, response.data) == (204, b"")
    assert refresh(client, token).status_code == 401


def test_change_of_password_ends_every_login(client):
    ada = member(client)
    change = {"current_password": PASSWORD, "new_password": "another long password"}
    response = client.post(f"{AUTH}/password", json=change, headers=ada.headers)

    assert response.status_code == 200
    assert refresh(client, ada.tokens["refresh_token"]).status_code == 401
    assert refresh(client, response.get_json()["refresh_token"]).status_code == 200
    assert (
        login(client).status_code,
        login(client, password="another long password").status_code,
    ) == (401, 200)


def test_change_of_password_requires_the_current_one(client):
    ada = member(client)
    change = {"current_password": "another password", "new_password": "another long password"}
    response = client.post(f"{AUTH}/password", json=change, headers=ada.headers)
    assert problem(response) == (403, "The current password is wrong.")
    assert login(client).status_code == 200


def test_token_of_a_deleted_account_is_refused(client, service):
    ada = member(client)
    service.mongo.database["accounts"].delete_one({"_id": ada.account["id"]})
    assert problem(client.get(f"{AUTH}/me", headers=ada.headers)) == (
        401,
        "There is no such account any more.",
    )


@pytest.mark.parametrize("email", [EMAIL, "unknown@serene-mail.com"])
def test_too_many_wrong_passwords_lock_an_email_out_with_or_without_an_account(
    client, telemetry, email
):
    client.post(f"{AUTH}/register", json=registration())
    answers = [login(client, email, "not the password") for _ in range(6)]
    assert [response.status_code for response in answers] == [401] * 5 + [429]
    assert LOCKOUT_SECONDS / 2 < int(answers[-1].headers["Retry-After"]) <= LOCKOUT_SECONDS
    assert problem(login(client, email)) == (
        429,
        "Too many wrong passwords; wait before the next attempt.",
    )
    assert results(telemetry) == {"failure": 5.0, "limited": 2.0}


def test_concurrent_wrong_passwords_do_not_exceed_the_limit(client):
    client.post(f"{AUTH}/register", json=registration())
    calls = [
        gevent.spawn(login, client.application.test_client(), EMAIL, "not the password")
        for _ in range(12)
    ]
    gevent.joinall(calls, raise_error=True)
    statuses = [call.value.status_code for call in calls]
    assert set(statuses) <= {401, 429}
    assert statuses.count(401) <= 5
