"""Accounts for the end-to-end tests, registered through the API as a client would."""

import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from stack import paths
from stack.runner import Stack

API = "/api/v1"
SECOND_ADDRESS = "127.0.0.2"
"""A client address of its own, so that the logins of other tests do not count against its limit."""


@dataclass(frozen=True)
class Account:
    """An account that is logged in.

    Args:
        account_id: Its id.
        tokens: Body of the response to the login.
    """

    account_id: str
    tokens: Mapping[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """The header that authenticates a request."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}


def new_credentials() -> dict[str, str]:
    """Return an e-mail address and a password that no other account has."""
    return {"email": f"{uuid.uuid4().hex}@serene-mail.com", "password": uuid.uuid4().hex}


def new_session() -> requests.Session:
    """Return a session that sends from ``SECOND_ADDRESS``."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", _SecondAddress())
    return session


def new_member(url: str) -> Account:
    """Register an account and log in.

    Args:
        url: The server, without path.
    """
    credentials = new_credentials()
    with new_session() as session:
        _post(url, session, "register", credentials | {"name": "Ada"})
        return _log_in(url, session, credentials)


def new_staff(stack: Stack, role: str) -> tuple[requests.Session, str]:
    """Register an account, give it a role with the service's command, and log in.

    Returns:
        A session that is logged in, and the account's id.
    """
    session, url, credentials = new_session(), stack.url("service"), new_credentials()
    _post(url, session, "register", credentials | {"name": "Ada"})
    command = [
        *(str(paths.VENV / "bin/python"), "-m", "service.roles"),
        *(credentials["email"], role),
    ]
    subprocess.run(
        command, cwd=paths.ROOT, env=stack.environment("service"), check=True, capture_output=True
    )
    account = _log_in(url, session, credentials)
    session.headers.update(account.headers)
    return session, account.account_id


class _SecondAddress(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options | {"source_address": (SECOND_ADDRESS, 0)})


def _log_in(url: str, session: requests.Session, credentials: dict[str, str]) -> Account:
    tokens = _post(url, session, "login", credentials)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    response = session.get(f"{url}{API}/auth/me", headers=headers, timeout=60)
    response.raise_for_status()
    return Account(response.json()["id"], tokens)


def _post(url: str, session: requests.Session, path: str, body: dict[str, str]) -> Any:
    response = session.post(f"{url}{API}/auth/{path}", json=body, timeout=60)
    response.raise_for_status()
    return response.json()
