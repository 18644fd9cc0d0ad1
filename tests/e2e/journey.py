"""A member who goes through the whole service, step by step, from an address of their own; what
each step was answered is kept.
"""

import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from stack import paths
from stack.runner import Stack

API = "/api/v1"
ADDRESS = "127.0.0.2"
"""Whoever else logs in at the same time, from the usual address, is somebody else."""
USER_AGENT = "member/1"
METHOD = "pm_card_visa"
FAR_AHEAD = (datetime.now(UTC) + timedelta(days=60)).strftime("%Y-%m-%dT00:00:00Z")
"""Later than what others look at who book."""
DIARY = b"%PDF-1.4\n" + b"22:40 to bed. 03:10 awake. " * 2_000


class _FromOwnAddress(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options | {"source_address": (ADDRESS, 0)})


@dataclass(frozen=True)
class Step:
    """One request and its answer.

    Args:
        method: Of the request.
        path: Of the request.
        answer: Read whole.
    """

    method: str
    path: str
    answer: requests.Response

    @property
    def request_id(self) -> str:
        """As the member would tell it to the support."""
        return self.answer.headers["X-Request-ID"]


class Traveller:
    """One member on the way through the service.

    Args:
        url: Of the service, without path.
    """

    def __init__(self, url: str) -> None:
        self.steps: dict[str, Step] = {}
        self._url = url
        self._account = {
            "email": f"{uuid.uuid4().hex}@serene-mail.com",
            "password": uuid.uuid4().hex,
        }
        self._session = requests.Session()
        self._session.trust_env = False
        # Uncompressed, so that what is read is what was sent.
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        self._session.mount("http://", _FromOwnAddress())

    def walk(self, therapist_id: str) -> Mapping[str, Step]:
        """Register, log in, book, pay, upload, chat, log out.

        Args:
            therapist_id: Has one slot after ``FAR_AHEAD``.
        """
        self._do("register", "POST", "/auth/register", json=self._account | {"name": "Ada"})
        tokens = self._do("login", "POST", "/auth/login", json=self._account)
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        session = self._book(therapist_id)
        key = {"Idempotency-Key": str(uuid.uuid4())}
        paid = self._do(
            "pay",
            "POST",
            f"/sessions/{session['id']}/payment",
            json={"payment_method": METHOD},
            headers=key,
        )
        assert paid["status"] == "paid"
        named = {
            "Content-Type": "application/pdf",
            "Content-Disposition": 'attachment; filename="diary.pdf"',
        }
        self._do("upload", "POST", "/files", data=DIARY, headers=named)
        self._do(
            "chat",
            "POST",
            "/companion/messages",
            json={"message": "I slept badly again.", "stream": True},
        )
        self._do("logout", "POST", "/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        self._session.close()
        return self.steps

    def _book(self, therapist_id: str) -> Any:
        self._do("therapists", "GET", "/therapists")
        (slot,) = self._do(
            "slots", "GET", f"/therapists/{therapist_id}/slots", params={"from": FAR_AHEAD}
        )["slots"]
        return self._do(
            "book",
            "POST",
            "/sessions",
            json={"therapist_id": therapist_id, "starts_at": slot["starts_at"]},
        )

    def _do(self, name: str, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, f"{self._url}{API}{path}", timeout=60, **options)
        self.steps[name] = Step(method, f"{API}{path}", answer)
        assert answer.ok, (name, answer.status_code, answer.text)
        return (
            answer.json()
            if answer.headers.get("Content-Type", "").startswith("application/json")
            else None
        )


def staff(stack: Stack, role: str) -> tuple[requests.Session, str]:
    """Somebody of a role, given as it is in production, by whoever runs the service.

    Returns:
        A session that is logged in, and the account's id.
    """
    account = {"email": f"{uuid.uuid4().hex}@serene-mail.com", "password": uuid.uuid4().hex}
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", _FromOwnAddress())
    url = f"{stack.url('service')}{API}/auth"
    registered = session.post(f"{url}/register", json=account | {"name": role.title()}, timeout=60)
    command = [str(paths.VENV / "bin/python"), "-m", "service.roles", account["email"], role]
    subprocess.run(
        command, cwd=paths.ROOT, env=stack.environment("service"), check=True, capture_output=True
    )
    tokens = session.post(f"{url}/login", json=account, timeout=60).json()
    session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return session, str(registered.json()["id"])


def therapist(stack: Stack) -> str:
    """The id of a new therapist with one slot after ``FAR_AHEAD``."""
    session, therapist_id = staff(stack, "therapist")
    told = {
        "name": "Noor Haddad",
        "title": "Psychologist",
        "languages": ["en"],
        "specialties": ["journeys"],
    }
    url = f"{stack.url('service')}{API}/therapists"
    session.put(
        f"{url}/me", json=told | {"price": {"amount": 9000, "currency": "eur"}}, timeout=60
    ).raise_for_status()
    at_nine = FAR_AHEAD.replace("T00", "T09")
    session.post(
        f"{url}/{therapist_id}/slots", json={"starts_at": [at_nine]}, timeout=60
    ).raise_for_status()
    return therapist_id
