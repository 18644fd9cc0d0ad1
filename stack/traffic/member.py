"""The life of one demo member, request by request: comes back, books and pays, keeps files, talks
to the companion, cancels, leaves.

A generator that makes one request between two of its yields, so that `stack/load.py` decides when.
Slots and quotas are few and the
traffic may go on for days: whatever a member takes, they give back in the end. What they get wrong
on purpose counts as a success.
"""

import hashlib
import hmac
import json
import random
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # Importing it patches the process.
    from locust.contrib.fasthttp import FastHttpSession

_API: Final = "/api/v1"
_DECLINED: Final = "pm_card_visa_chargeDeclined"
_TAKEN: Final = "pm_card_visa"
_PICTURE: Final = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
)
_PICTURE_KB: Final = (20, 300)
_NOTE: Final = b"22:40 to bed. 03:10 awake. Got up, read a little, slept again.\n"
_PROGRAM: Final = b"\x7fELF\x02\x01\x01\x00"
_SAID: Final = (
    "I slept badly again.",
    "What helps before a hard day?",
    "My thoughts go in circles.",
    "Today was better than yesterday.",
)


class Member:
    """One member.

    Args:
        client: Makes the requests.
        webhook_secret: What the payment provider signs with; empty where it is not known, and then
            it tells nothing.
    """

    def __init__(self, client: "FastHttpSession", webhook_secret: str) -> None:
        self._client = client
        self._webhook_secret = webhook_secret
        self._account = {
            "email": f"reader-{uuid.uuid4().hex}@serene-demo.com",
            "password": uuid.uuid4().hex,
        }
        self._tokens: dict[str, str] = {}

    def life(self) -> Iterator[None]:
        """One request at each step, for ever."""
        yield self._ask(
            "POST", "/auth/register", "register", 201, json=self._account | {"name": "A Reader"}
        )
        while True:
            # 429: log-ins from one address at the same instant, as all of ours are; a person would
            # press the button again.
            self._tokens = (
                self._ask("POST", "/auth/login", "log in", 200, 429, json=self._account) or {}
            )
            yield
            if "access_token" not in self._tokens:
                continue
            yield self._ask("GET", "/auth/me", "who am I", 200)
            parts = [
                self._session(),
                self._files(),
                self._talk(),
                self._mistakes(),
                self._provider(),
            ]
            random.shuffle(parts)
            for part in parts:
                yield from part
            yield self._ask(
                "POST",
                "/auth/logout",
                "log out",
                204,
                json={"refresh_token": self._tokens.pop("refresh_token")},
            )
            self._tokens = {}

    def _session(self) -> Iterator[None]:
        found = self._ask("GET", "/therapists", "therapists", 200)
        yield
        if not found or not found["therapists"]:
            return
        therapist = random.choice(found["therapists"])["id"]
        yield self._ask("GET", f"/therapists/{therapist}", "therapist", 200)
        slots = self._ask("GET", f"/therapists/{therapist}/slots", "slots", 200)
        yield
        if not slots or not slots["slots"]:
            return
        wanted = {
            "therapist_id": therapist,
            "starts_at": random.choice(slots["slots"])["starts_at"],
        }
        # 409: somebody was quicker.
        session = self._ask("POST", "/sessions", "book", 201, 409, json=wanted)
        yield
        if session and "id" in session:
            yield from self._booked(f"/sessions/{session['id']}")

    def _booked(self, session: str) -> Iterator[None]:
        if random.random() < 0.25:
            yield self._pay(session, _DECLINED, 402)
        if random.random() < 0.9:
            yield self._pay(session, _TAKEN, 200)
        yield self._ask("GET", session, "session", 200)
        yield self._ask("GET", f"{session}/calendar.ics", "calendar", 200)
        yield self._ask("GET", "/sessions", "sessions", 200)
        yield self._ask("POST", f"{session}/cancellation", "cancel", 200, headers=_once())

    def _pay(self, session: str, method: str, status: int) -> Any:
        name = "pay" if status == 200 else "pay, declined"
        return self._ask(
            "POST",
            f"{session}/payment",
            name,
            status,
            json={"payment_method": method},
            headers=_once(),
        )

    def _files(self) -> Iterator[None]:
        kept = self._ask(
            "POST",
            "/files",
            "upload",
            201,
            data=_file(),
            headers={"Content-Type": "application/octet-stream"},
        )
        yield
        if random.random() < 0.4:
            # The type is told by the content: the connection ends here.
            yield self._ask(
                "POST",
                "/files",
                "upload, refused",
                415,
                data=_PROGRAM,
                headers={"Content-Type": "image/png"},
            )
        yield self._ask("GET", "/files", "files", 200)
        if kept and "id" in kept:
            yield self._ask("GET", f"/files/{kept['id']}/content", "download", 200)
            yield self._ask("DELETE", f"/files/{kept['id']}", "remove file", 204)

    def _talk(self) -> Iterator[None]:
        said = self._ask(
            "POST", "/companion/messages", "say", 200, json={"message": random.choice(_SAID)}
        )
        yield
        if not said or not said.get("conversation_id"):
            return
        conversation = f"/companion/conversations/{said['conversation_id']}"
        goes_on = {
            "message": random.choice(_SAID),
            "conversation_id": said["conversation_id"],
            "stream": True,
        }
        yield self._ask("POST", "/companion/messages", "say, streamed", 200, json=goes_on)
        yield self._ask("GET", "/companion/conversations", "conversations", 200)
        yield self._ask("GET", conversation, "conversation", 200)
        yield self._ask("DELETE", conversation, "forget conversation", 204)

    def _mistakes(self) -> Iterator[None]:
        """What any API hears.

        Something that is not there, something that cannot be, somebody who did not say who they
        are.
        """
        yield self._ask("GET", f"/sessions/{uuid.uuid4()}", "session, not there", 404)
        yield self._ask("POST", "/companion/messages", "say, nothing", 422, json={"message": " "})
        access, self._tokens = self._tokens, {}
        yield self._ask("GET", "/auth/me", "who am I, unknown", 401)
        self._tokens = (
            self._ask(
                "POST",
                "/auth/refresh",
                "refresh",
                200,
                json={"refresh_token": access["refresh_token"]},
            )
            or access
        )
        yield

    def _provider(self) -> Iterator[None]:
        """What the payment provider tells.

        Of somebody else's booking, the same again, and somebody who only plays the provider.
        """
        if not self._webhook_secret:
            return
        event = _event()
        yield self._deliver(event, self._webhook_secret, "webhook", 200)
        yield self._deliver(event, self._webhook_secret, "webhook", 200)
        if random.random() < 0.25:
            yield self._deliver(event, "whsec_of-somebody-else", "webhook, refused", 400)

    def _deliver(self, event: bytes, secret: str, name: str, status: int) -> Any:
        now = int(time.time())
        signature = hmac.new(
            secret.encode(), f"{now}.".encode() + event, hashlib.sha256
        ).hexdigest()
        headers = {
            "Stripe-Signature": f"t={now},v1={signature}",
            "Content-Type": "application/json",
        }
        return self._ask("POST", "/payments/webhook", name, status, data=event, headers=headers)

    def _ask(
        self,
        method: str,
        path: str,
        name: str,
        *statuses: int,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> Any:
        """Make one request. Returns: the JSON of an answer that has one, else None."""
        known = (
            {"Authorization": f"Bearer {self._tokens['access_token']}"}
            if "access_token" in self._tokens
            else {}
        )
        options: dict[str, Any] = {
            "name": name,
            "headers": known | (headers or {}),
            "catch_response": True,
        }
        with self._client.request(method, f"{_API}{path}", **options, **body) as answer:
            if answer.status_code not in statuses:
                return None
            answer.success()
            kind = (answer.headers or {}).get("Content-Type", "")
            return answer.json() if kind.startswith("application/json") else None


def _once() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def _file() -> bytes:
    if random.random() < 0.5:
        return _NOTE * random.randint(20, 200)
    return _PICTURE + random.randbytes(1000 * random.randint(*_PICTURE_KB))


def _event() -> bytes:
    intent = {
        "id": f"pi_{uuid.uuid4().hex}",
        "amount": 9000,
        "currency": "eur",
        "metadata": {"booking_id": str(uuid.uuid4())},
    }
    event = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": "payment_intent.payment_failed",
        "data": {"object": intent},
    }
    return json.dumps(event).encode()
