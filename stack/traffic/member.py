"""The requests of one demo member: log in, book and pay, store files, chat, cancel, log out.

A generator that sends one request between two of its yields, so that `locustfile` decides when.
Slots and quotas are limited and the traffic may run for days: a member returns all that it takes.
Requests that are wrong on purpose count as successes.
"""

import random
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from stack.payment_events import new_event, signed_headers

if TYPE_CHECKING:
    # Importing it patches the process.
    from locust.contrib.fasthttp import FastHttpSession

_API: Final = "/api/v1"
_DECLINED_CARD: Final = "pm_card_visa_chargeDeclined"
_ACCEPTED_CARD: Final = "pm_card_visa"
_PICTURE: Final = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
)
_PICTURE_KB: Final = (20, 300)
_NOTE: Final = b"22:40 to bed. 03:10 awake. Got up, read a little, slept again.\n"
_PROGRAM: Final = b"\x7fELF\x02\x01\x01\x00"
_MESSAGES: Final = (
    "I slept badly again.",
    "What helps before a hard day?",
    "My thoughts go in circles.",
    "Today was better than yesterday.",
)


class Member:
    """One member.

    Args:
        client: Sends the requests.
        webhook_secret: With which the payment provider signs; empty sends no events.
    """

    def __init__(self, client: "FastHttpSession", webhook_secret: str) -> None:
        self._client = client
        self._webhook_secret = webhook_secret
        self._account = {
            "email": f"reader-{uuid.uuid4().hex}@serene-demo.com",
            "password": uuid.uuid4().hex,
        }
        self._tokens: dict[str, str] = {}

    def requests(self) -> Iterator[None]:
        """Send one request at each step, for ever."""
        registration = self._account | {"name": "A Reader"}
        yield self._send("POST", "/auth/register", "register", 202, json=registration)
        while True:
            # 429: many log-ins at once from one address, as all of these are; a client retries.
            tokens = self._send("POST", "/auth/login", "log in", 200, 429, json=self._account)
            self._tokens = tokens or {}
            yield
            if "access_token" not in self._tokens:
                continue
            yield self._send("GET", "/auth/me", "own account", 200)
            parts = [
                self._session(),
                self._files(),
                self._companion(),
                self._mistakes(),
                self._webhook_events(),
            ]
            random.shuffle(parts)
            for part in parts:
                yield from part
            refresh = {"refresh_token": self._tokens.pop("refresh_token")}
            yield self._send("POST", "/auth/logout", "log out", 204, json=refresh)
            self._tokens = {}

    def _session(self) -> Iterator[None]:
        found = self._send("GET", "/therapists", "therapists", 200)
        yield
        if not found or not found["therapists"]:
            return
        therapist = random.choice(found["therapists"])["id"]
        yield self._send("GET", f"/therapists/{therapist}", "therapist", 200)
        slots = self._send("GET", f"/therapists/{therapist}/slots", "slots", 200)
        yield
        if not slots or not slots["slots"]:
            return
        slot = {"therapist_id": therapist, "starts_at": random.choice(slots["slots"])["starts_at"]}
        # 409: another member has booked the slot meanwhile.
        session = self._send("POST", "/sessions", "book", 201, 409, json=slot)
        yield
        if session and "id" in session:
            yield from self._booked(f"/sessions/{session['id']}")

    def _booked(self, session: str) -> Iterator[None]:
        if random.random() < 0.25:
            yield self._pay(session, "pay, declined", _DECLINED_CARD, 402)
        if random.random() < 0.9:
            yield self._pay(session, "pay", _ACCEPTED_CARD, 200)
        yield self._send("GET", session, "session", 200)
        yield self._send("GET", f"{session}/calendar.ics", "calendar", 200)
        yield self._send("GET", "/sessions", "sessions", 200)
        path = f"{session}/cancellation"
        yield self._send("POST", path, "cancel", 200, headers=_idempotency_key())

    def _pay(self, session: str, name: str, card: str, status: int) -> Any:
        body = {"payment_method": card}
        path = f"{session}/payment"
        return self._send("POST", path, name, status, json=body, headers=_idempotency_key())

    def _files(self) -> Iterator[None]:
        binary = {"Content-Type": "application/octet-stream"}
        kept = self._send("POST", "/files", "upload", 201, data=_file(), headers=binary)
        yield
        if random.random() < 0.4:
            # The service detects the type by the content, and closes the connection.
            png = {"Content-Type": "image/png"}
            yield self._send("POST", "/files", "upload, refused", 415, data=_PROGRAM, headers=png)
        yield self._send("GET", "/files", "files", 200)
        if kept and "id" in kept:
            yield self._send("GET", f"/files/{kept['id']}/content", "download", 200)
            yield self._send("DELETE", f"/files/{kept['id']}", "remove file", 204)

    def _companion(self) -> Iterator[None]:
        path = "/companion/messages"
        message = {"message": random.choice(_MESSAGES)}
        answer = self._send("POST", path, "message", 200, json=message)
        yield
        if not answer or not answer.get("conversation_id"):
            return
        same = {"conversation_id": answer["conversation_id"], "stream": True}
        message = {"message": random.choice(_MESSAGES)}
        yield self._send("POST", path, "message, streamed", 200, json=message | same)
        yield self._send("GET", "/companion/conversations", "conversations", 200)
        conversation = f"/companion/conversations/{answer['conversation_id']}"
        yield self._send("GET", conversation, "conversation", 200)
        yield self._send("DELETE", conversation, "remove conversation", 204)

    def _mistakes(self) -> Iterator[None]:
        """Send typical client errors: a missing resource, an invalid body, no access token."""
        yield self._send("GET", f"/sessions/{uuid.uuid4()}", "session, missing", 404)
        empty = {"message": " "}
        yield self._send("POST", "/companion/messages", "message, empty", 422, json=empty)
        before, self._tokens = self._tokens, {}
        yield self._send("GET", "/auth/me", "own account, no token", 401)
        refresh = {"refresh_token": before["refresh_token"]}
        tokens = self._send("POST", "/auth/refresh", "refresh", 200, json=refresh)
        self._tokens = tokens or before
        yield

    def _webhook_events(self) -> Iterator[None]:
        """Send the provider's event of another booking, the same again, and a forged one."""
        if not self._webhook_secret:
            return
        event = new_event()
        yield self._deliver(event, self._webhook_secret, "webhook", 200)
        yield self._deliver(event, self._webhook_secret, "webhook", 200)
        if random.random() < 0.25:
            yield self._deliver(event, "whsec_of-a-forger", "webhook, refused", 400)

    def _deliver(self, event: bytes, secret: str, name: str, status: int) -> Any:
        headers = signed_headers(event, secret)
        return self._send("POST", "/payments/webhook", name, status, data=event, headers=headers)

    def _send(
        self,
        method: str,
        path: str,
        name: str,
        *statuses: int,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> Any:
        """Send one request; return the body of a JSON response with an expected status, or None."""
        own = dict(headers or {})
        if "access_token" in self._tokens:
            own.setdefault("Authorization", f"Bearer {self._tokens['access_token']}")
        options: dict[str, Any] = {"name": name, "headers": own, "catch_response": True}
        with self._client.request(method, f"{_API}{path}", **options, **body) as response:
            if response.status_code not in statuses:
                return None
            response.success()
            kind = (response.headers or {}).get("Content-Type", "")
            return response.json() if kind.startswith("application/json") else None


def _idempotency_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def _file() -> bytes:
    if random.random() < 0.5:
        return _NOTE * random.randint(20, 200)
    return _PICTURE + random.randbytes(1000 * random.randint(*_PICTURE_KB))
