"""The API of sessions, as clients call it."""

from datetime import datetime
from typing import Any

from service.accounts.access_tokens import Identity
from service.accounts.room import AccountsRoom
from tests.service.members import bearer
from tests.service.sessions.clinic import Clinic

API = "/api/v1"


class SessionsApi:
    """Calls routes for accounts of a clinic; by default for its member.

    Args:
        clinic: Its service, accounts and slot.
    """

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self._tokens = clinic.service.room(AccountsRoom).access_tokens
        self._client = clinic.service.app.test_client()

    def headers(
        self, account_id: str, role: str = "member", key: str | None = None
    ) -> dict[str, str]:
        """Return the headers of a call."""
        token = self._tokens.issue(Identity(account_id, role))
        return bearer(token) | ({"Idempotency-Key": key} if key else {})

    def get(self, path: str, account_id: str | None = None, role: str = "member") -> Any:
        """Call a route; without an account when none is given."""
        headers = self.headers(account_id, role) if account_id else {}
        return self._client.get(f"{API}{path}", headers=headers)

    def post(
        self,
        path: str,
        body: object = None,
        account_id: str | None = None,
        key: str | None = None,
        role: str = "member",
    ) -> Any:
        """Call a route with a JSON body."""
        headers = self.headers(account_id or self.clinic.member, role, key)
        return self._client.post(f"{API}{path}", json=body, headers=headers)

    def put(self, path: str, body: object, account_id: str, role: str) -> Any:
        """Call a route with a JSON body."""
        return self._client.put(f"{API}{path}", json=body, headers=self.headers(account_id, role))

    def delete(self, path: str, account_id: str, role: str) -> Any:
        """Call a route."""
        return self._client.delete(f"{API}{path}", headers=self.headers(account_id, role))

    def book(self, account_id: str | None = None, starts_at: datetime | None = None) -> Any:
        """Book a slot; by default the clinic's."""
        starts_at = starts_at or self.clinic.starts_at
        body = {"therapist_id": self.clinic.therapist, "starts_at": starts_at.isoformat()}
        return self.post("/sessions", body, account_id)

    def booked(self, **given: Any) -> str:
        """Book a slot and return the session's id."""
        response = self.book(**given)
        assert response.status_code == 201, response.get_data(as_text=True)
        return str(response.get_json()["id"])

    def pay(
        self,
        session_id: str,
        key: str = "key-1",
        method: str = "pm_card",
        account_id: str | None = None,
    ) -> Any:
        """Pay for a session."""
        body = {"payment_method": method}
        return self.post(f"/sessions/{session_id}/payment", body, account_id, key)

    def paid(self, account_id: str | None = None, **given: Any) -> str:
        """Book and pay a session and return its id."""
        session_id = self.booked(account_id=account_id, **given)
        response = self.pay(session_id, f"paid-{session_id}", account_id=account_id)
        assert (response.status_code, response.get_json()["status"]) == (200, "paid")
        return session_id

    def cancel(self, session_id: str, key: str = "cancel-1", account_id: str | None = None) -> Any:
        """Cancel a session."""
        return self.post(f"/sessions/{session_id}/cancellation", None, account_id, key)


def problem(response: Any) -> tuple[int, str, str]:
    """Return status, type and detail of a problem."""
    body = response.get_json(force=True)
    assert response.content_type == "application/problem+json"
    assert body["status"] == response.status_code
    return response.status_code, body["type"], body["detail"]
