"""Roles: by ``python -m service.roles`` in a process of its own, and by an admin's request."""

import pytest

from service.roles import USAGE
from tests.service.clients import problem
from tests.service.members import (
    AUTH,
    EMAIL,
    Member,
    bearer,
    login,
    member,
    with_role,
)
from tests.service.processes import NO_DATABASE, ran
from tests.support.ports import free_port


@pytest.fixture
def client(service):
    """A client of the service on an empty database."""
    return service.app.test_client()


def run_roles(uri: str, *arguments: str, **settings: str) -> tuple[int, str, str]:
    return ran(uri, "service.roles", *arguments, **settings)


@pytest.fixture
def admin(client, service):
    return with_role(client, service, "admin", name="Root", email="root@serene-mail.com")


def set_role(who, account_id: str, role: object):
    return who.client.put(
        f"/api/v1/accounts/{account_id}/role", json={"role": role}, headers=who.headers
    )


def refresh(client, tokens):
    return client.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]})


def test_command_makes_the_first_admin(client, database_uri):
    account = member(client).account
    assert run_roles(database_uri, EMAIL.upper(), "admin") == (
        0,
        f"roles: account {account['id']} is admin now\n",
        "",
    )
    assert run_roles(database_uri, EMAIL, "admin") == (
        0,
        f"roles: account {account['id']} is admin now\n",
        "",
    )
    headers = bearer(login(client).get_json()["access_token"])
    assert client.get(f"{AUTH}/me", headers=headers).get_json() == account | {"role": "admin"}


@pytest.mark.e2e
@pytest.mark.parametrize(
    "arguments", [(), (EMAIL,), (EMAIL, "root"), (EMAIL, "admin", "x"), ("--help",)]
)
def test_wrong_arguments_print_one_line(arguments):
    assert run_roles("mongodb://127.0.0.1:1", *arguments) == (2, "", f"{USAGE}\n")


def test_unknown_email_prints_one_line_without_it(service, database_uri):
    assert run_roles(database_uri, "unknown@serene-mail.com", "admin") == (
        1,
        "",
        "roles: there is no account of that e-mail\n",
    )


@pytest.mark.e2e
def test_missing_database_prints_one_line():
    port = free_port()
    line = f"roles: MongoDB cannot be used: 127.0.0.1:{port}: [Errno 111] Connection refused\n"
    assert run_roles(f"mongodb://127.0.0.1:{port}", EMAIL, "admin", **NO_DATABASE) == (1, "", line)


@pytest.mark.e2e
def test_invalid_setting_prints_one_line():
    code, out, err = run_roles("localhost", EMAIL, "admin")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("MONGODB_URI='localhost': should be a MongoDB connection string")


def test_admin_sets_a_role_that_the_next_login_has(client, admin):
    ada = member(client)
    response = set_role(admin, ada.account["id"], "admin")
    assert (response.status_code, response.get_json()) == (200, ada.account | {"role": "admin"})
    assert response.headers["Cache-Control"] == "private, no-store"

    # An access token keeps the role that it was issued with.
    assert set_role(ada, admin.account["id"], "admin").status_code == 403
    assert refresh(client, ada.tokens).status_code == 401
    again = Member(client, ada.account, login(client).get_json())
    assert set_role(again, admin.account["id"], "admin").status_code == 200


def test_unchanged_role_ends_no_login(client, admin):
    ada = member(client)
    assert set_role(admin, ada.account["id"], "member").get_json() == ada.account
    assert refresh(client, ada.tokens).status_code == 200
    assert set_role(admin, admin.account["id"], "admin").get_json() == admin.account


@pytest.mark.parametrize("role", ["member", "author", "therapist"])
def test_admin_cannot_remove_their_own_role(admin, role):
    assert problem(set_role(admin, admin.account["id"], role)) == (
        409,
        "Another admin has to take this role away from you.",
    )
    assert admin.client.get(f"{AUTH}/me", headers=admin.headers).get_json() == admin.account


def test_admin_removes_the_role_of_another_admin(client, service, admin):
    other = with_role(client, service, "admin")
    assert set_role(admin, other.account["id"], "member").get_json() == other.account | {
        "role": "member"
    }


@pytest.mark.parametrize(
    "account_id", ["6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "x", "%00", "%ff", "x" * 300, "%24ne"]
)
def test_unknown_account_is_404(admin, account_id):
    assert problem(set_role(admin, account_id, "author")) == (
        404,
        "There is no account of that id.",
    )


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [{"field": "role", "reason": "Field required"}]),
        (
            {"role": "root"},
            [{"field": "role", "reason": "should be 'member', 'therapist', 'author' or 'admin'"}],
        ),
        (
            {"role": None},
            [{"field": "role", "reason": "should be 'member', 'therapist', 'author' or 'admin'"}],
        ),
        (
            {"role": "author", "name": "x"},
            [{"field": "name", "reason": "Extra inputs are not permitted"}],
        ),
    ],
)
def test_invalid_role_is_a_problem(admin, body, errors):
    response = admin.client.put(
        f"/api/v1/accounts/{admin.account['id']}/role", json=body, headers=admin.headers
    )
    assert (response.status_code, response.get_json(force=True)["errors"]) == (422, errors)


@pytest.mark.parametrize("role", ["member", "therapist", "author"])
def test_only_admins_set_roles(client, service, role):
    ada = with_role(client, service, role)
    assert problem(set_role(ada, ada.account["id"], "admin")) == (
        403,
        "This takes an account of the role admin.",
    )
