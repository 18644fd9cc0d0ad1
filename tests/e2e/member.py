"""A member who goes through the whole service, step by step, from an address of their own; what each step was answered is kept."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

API = "/api/v1"
ADDRESS = "127.0.0.2"
"""Whoever else logs in at the same time, from the usual address, is somebody else."""
USER_AGENT = "member/1"
METHOD = "pm_card_visa"
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


class Member:
    """One member.

    Args:
        url: Of the service, without path.
    """

    def __init__(self, url: str) -> None:
        self.steps: dict[str, Step] = {}
        self._url = url
        self._account = {"email": f"{uuid.uuid4().hex}@serene-mail.com", "password": uuid.uuid4().hex}
        self._session = requests.Session()
        self._session.trust_env = False
        # Uncompressed, so that what is read is what was sent.
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        self._session.mount("http://", _FromOwnAddress())

    def walk(self) -> Mapping[str, Step]:
        """Register, log in, book, pay, upload, chat, log out."""
        self._do("register", "POST", "/auth/register", json=self._account | {"name": "Ada"})
        tokens = self._do("login", "POST", "/auth/login", json=self._account)
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        session = self._book()
        key = {"Idempotency-Key": str(uuid.uuid4())}
        paid = self._do("pay", "POST", f"/sessions/{session['id']}/payment", json={"payment_method": METHOD}, headers=key)
        assert paid["status"] == "paid"
        named = {"Content-Type": "application/pdf", "Content-Disposition": 'attachment; filename="diary.pdf"'}
        self._do("upload", "POST", "/files", data=DIARY, headers=named)
        self._do("chat", "POST", "/companion/messages", json={"message": "I slept badly again.", "stream": True})
        self._do("logout", "POST", "/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        self._session.close()
        return self.steps

    def _book(self) -> Any:
        therapist = self._do("therapists", "GET", "/therapists")["therapists"][-1]
        slots = self._do("slots", "GET", f"/therapists/{therapist['id']}/slots")["slots"]
        # Others book, too; hardly ever the last one first.
        for slot in reversed(slots):
            wanted = {"therapist_id": therapist["id"], "starts_at": slot["starts_at"]}
            session = self._do("book", "POST", "/sessions", json=wanted)
            if self.steps["book"].answer.status_code == 201:
                return session
        raise AssertionError("every slot was taken")

    def _do(self, name: str, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, f"{self._url}{API}{path}", timeout=60, **options)
        self.steps[name] = Step(method, f"{API}{path}", answer)
        assert answer.ok or answer.status_code == 409, (name, answer.status_code, answer.text)
        return answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else None
