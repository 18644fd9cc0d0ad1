"""Members for the end-to-end tests, made through the API as a client would make them."""

import uuid
from dataclasses import dataclass

import requests

PASSWORD = "a long enough password"


@dataclass(frozen=True)
class Member:
    """An account, logged in.

    Args:
        url: The server, without path.
    """

    url: str
    email: str
    account_id: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        """What shows who calls."""
        return {"Authorization": f"Bearer {self.access_token}"}


def new_member(url: str) -> Member:
    """Register somebody new and log in."""
    credentials = {"email": f"member-{uuid.uuid4().hex}@serene-mail.com", "password": PASSWORD}
    account = requests.post(
        f"{url}/api/v1/auth/register", json=credentials | {"name": "A Member"}, timeout=30
    )
    account.raise_for_status()
    tokens = requests.post(f"{url}/api/v1/auth/login", json=credentials, timeout=30)
    tokens.raise_for_status()
    pair = tokens.json()
    return Member(
        url, credentials["email"], account.json()["id"], pair["access_token"], pair["refresh_token"]
    )
