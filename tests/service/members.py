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


def member(client: FlaskClient, **changes: Any) -> Member:
    """Register and log in."""
    body = registration(**changes)
    account = client.post(f"{AUTH}/register", json=body).get_json()
    return Member(client, account, login(client, body["email"], body["password"]).get_json())


def with_role(client: FlaskClient, service: Service, role: Role, **changes: Any) -> Member:
    """Register, set a role and log in."""
    account = client.post(f"{AUTH}/register", json=registration(**changes)).get_json()
    room = service.room(AccountsRoom)
    change_role(room.accounts, room.refresh_tokens, account["id"], role)
    body = registration(**changes)
    return Member(
        client, account | {"role": role}, login(client, body["email"], body["password"]).get_json()
    )
