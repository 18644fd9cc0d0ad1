"""A member's journey through the whole service, with the response to each step."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from stack.runner import Stack
from tests.e2e.accounts import API, new_credentials, new_session, new_staff

USER_AGENT = "member/1"
METHOD = "pm_card_visa"
FAR_AHEAD = (datetime.now(UTC) + timedelta(days=60)).strftime("%Y-%m-%dT00:00:00Z")
"""Later than the slots that other clients of the stack book."""
DIARY = (
    b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n"
    + b"% 22:40 to bed. 03:10 awake.\n" * 2_000
    + b"trailer\n<< >>\nstartxref\n0\n%%EOF\n"
)


@dataclass(frozen=True)
class Step:
    """One request and its response.

    Args:
        method: Of the request.
        path: Of the request.
        response: Read to its end.
    """

    method: str
    path: str
    response: requests.Response

    @property
    def request_id(self) -> str:
        """The id that a member reports to the support."""
        return self.response.headers["X-Request-ID"]


class MemberJourney:
    """One member's requests, sent from ``SECOND_ADDRESS``.

    Args:
        url: Of the service, without path.
    """

    def __init__(self, url: str) -> None:
        self.steps: dict[str, Step] = {}
        self._url = url
        self._credentials = new_credentials()
        self._session = new_session()
        # Uncompressed: the length of the body is the length on the wire.
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})

    def run(self, therapist_id: str) -> Mapping[str, Step]:
        """Register, log in, book, pay, upload, chat, log out.

        Args:
            therapist_id: Has one slot after ``FAR_AHEAD``.
        """
        self._do("register", "POST", "/auth/register", json=self._credentials | {"name": "Ada"})
        tokens = self._do("login", "POST", "/auth/login", json=self._credentials)
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self._book_and_pay(therapist_id)
        self._upload()
        self._chat()
        self._do("logout", "POST", "/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        self._session.close()
        return self.steps

    def _book_and_pay(self, therapist_id: str) -> None:
        self._do("therapists", "GET", "/therapists")
        (slot,) = self._do(
            "slots", "GET", f"/therapists/{therapist_id}/slots", params={"from": FAR_AHEAD}
        )["slots"]
        booking = {"therapist_id": therapist_id, "starts_at": slot["starts_at"]}
        session = self._do("book", "POST", "/sessions", json=booking)
        paid = self._do(
            "pay",
            "POST",
            f"/sessions/{session['id']}/payment",
            json={"payment_method": METHOD},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        assert paid["status"] == "paid"

    def _upload(self) -> None:
        headers = {
            "Content-Type": "application/pdf",
            "Content-Disposition": 'attachment; filename="diary.pdf"',
        }
        self._do("upload", "POST", "/files", data=DIARY, headers=headers)

    def _chat(self) -> None:
        message = {"message": "I slept badly again.", "stream": True}
        self._do("chat", "POST", "/companion/messages", json=message)

    def _do(self, name: str, method: str, path: str, **options: Any) -> Any:
        response = self._session.request(method, f"{self._url}{API}{path}", timeout=60, **options)
        self.steps[name] = Step(method, f"{API}{path}", response)
        assert response.ok, (name, response.status_code, response.text)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return response.json() if is_json else None


def new_therapist(stack: Stack) -> str:
    """Return the id of a new therapist with one slot after ``FAR_AHEAD``."""
    session, therapist_id = new_staff(stack, "therapist")
    profile = {
        "name": "Noor Haddad",
        "title": "Psychologist",
        "languages": ["en"],
        "specialties": ["journeys"],
        "price": {"amount": 9000, "currency": "eur"},
    }
    url = f"{stack.url('service')}{API}/therapists"
    session.put(f"{url}/me", json=profile, timeout=60).raise_for_status()
    slots = {"starts_at": [FAR_AHEAD.replace("T00", "T09")]}
    session.post(f"{url}/{therapist_id}/slots", json=slots, timeout=60).raise_for_status()
    return therapist_id
