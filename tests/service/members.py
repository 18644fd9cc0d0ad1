"""Accounts for tests, registered through the API."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from service.accounts.model import Role
from service.accounts.roles import change_role
from service.accounts.room import AccountsRoom
from service.bootstrap import Service

AUTH = "/api/v1/auth"
EMAIL = "ada@serene-mail.com"
PASSWORD = "a long enough password"


def registration(**changes: Any) -> dict[str, Any]:
    """Return the body of a registration."""
    return {"email": EMAIL, "password": PASSWORD, "name": "Ada"} | changes


@dataclass
class Member:
    """A logged-in account."""

    client: FlaskClient
    account: dict[str, Any]
    tokens: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """The header with the access token."""
        return bearer(self.tokens["access_token"])


def bearer(token: str) -> dict[str, str]:
    """Return the header with a token."""
    return {"Authorization": f"Bearer {token}"}


def login(client: FlaskClient, email: str = EMAIL, password: str = PASSWORD) -> Any:
    """Log in and return the response."""
    return client.post(f"{AUTH}/login", json={"email": email, "password": password})


def register(client: FlaskClient, **changes: Any) -> None:
    """Register an account; the response is the same for an e-mail that has one."""
    response = client.post(f"{AUTH}/register", json=registration(**changes))
    assert response.status_code == 202, response.get_data(as_text=True)


def member(client: FlaskClient, **changes: Any) -> Member:
    """Register and log in."""
    body = registration(**changes)
    register(client, **changes)
    tokens = login(client, body["email"], body["password"]).get_json()
    return Member(client, _account(client, tokens), tokens)


def with_role(client: FlaskClient, service: Service, role: Role, **changes: Any) -> Member:
    """Register, set a role and log in."""
    body = registration(**changes)
    register(client, **changes)
    room = service.room(AccountsRoom)
    credentials = room.accounts.credentials(body["email"].lower())
    assert credentials is not None
    change_role(room.accounts, room.refresh_tokens, credentials.account_id, role)
    tokens = login(client, body["email"], body["password"]).get_json()
    return Member(client, _account(client, tokens), tokens)


def _account(client: FlaskClient, tokens: dict[str, Any]) -> dict[str, Any]:
    # The view alone: a request would count in what the tests measure.
    app = client.application
    with app.test_request_context(f"{AUTH}/me", headers=bearer(tokens["access_token"])):
        account: dict[str, Any] = app.make_response(app.view_functions["auth.me"]()).get_json()
    return account
