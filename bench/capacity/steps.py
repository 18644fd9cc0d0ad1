"""The requests of the demo traffic, one kind after another, so that each can be measured alone.

What a later kind needs (tokens, bookings, files) comes from the answers to an earlier one. Nothing
here sends or measures: ``steps`` yields what is to be sent, and is sent the answers.
"""

import json
import uuid
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stack.payment_events import new_event, signed_headers

API: Final = "/api/v1"
POSTS: Final = f"{API}/blog/posts"
READS: Final = 3
"""How many times as many requests a kind without state sends."""
FILE: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\0\0\0"
FILE_BYTES: Final = 80_000
"""Half of the demo traffic's files are pictures of 20 to 300 kB, the others notes of a few kB."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Args:
        method: Of HTTP.
        path: With the query.
        headers: All but ``Host`` and ``Content-Length``.
        body: Its bytes.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def raw(self) -> bytes:
        """Return it as it is sent."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: bench"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body or self.method != "GET":
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


@dataclass(frozen=True, slots=True)
class Step:
    """Requests of one kind.

    Args:
        name: As in the demo traffic.
        requests: To send.
        status: Of each answer.
        repeatable: Whether each may be sent any number of times.
        removes: Whether it ends what earlier kinds need.
        at_once: How many are in flight.
    """

    name: str
    requests: Sequence[Request]
    status: int = 200
    repeatable: bool = True
    removes: bool = False
    at_once: int = 2


Steps = Generator[Step, list[Any], None]
"""Yields what to send; is sent the bodies of the answers, in the same order."""


def steps(members: int, webhook_secret: str) -> Steps:
    """Yield all kinds of requests of the demo traffic, and the registration before them."""
    yield from _reads(members * READS)
    tokens = yield from _accounts(members)
    auth = [{"Authorization": f"Bearer {one['access_token']}"} for one in tokens]
    yield from _account_reads(auth)
    yield from _sessions(auth)
    yield from _files(auth)
    yield from _companion(auth)
    yield from _mistakes(auth)
    yield from _webhook(members, webhook_secret)
    refresh = [_json("POST", "/auth/refresh", _refresh(one)) for one in tokens]
    renewed = yield Step("refresh", refresh, repeatable=False)
    out = [_json("POST", "/auth/logout", _refresh(one)) for one in renewed]
    yield Step("log out", out, 204, repeatable=False, removes=True)


def _reads(count: int) -> Steps:
    sizes = (5, 10, 20)
    first = [Request("GET", f"{POSTS}?limit={sizes[n % 3]}") for n in range(count)]
    pages = yield Step("list, first page", first)
    following = [page["next"] for page in pages if page["next"]]
    posts = [post for page in pages for post in page["posts"]]
    yield Step("list, next page", _gets(following, count))
    yield Step("list, by tag", _gets([f"{POSTS}?tag={p['tags'][0]}" for p in posts], count))
    categories = [f"{POSTS}?category={post['category']}" for post in posts]
    yield Step("list, by category", _gets(categories, count))
    yield Step("post", _gets([f"{POSTS}/{post['slug']}" for post in posts], count))
    yield Step("post, missing", _gets([f"{POSTS}/wp-login.php"], count), 404)
    yield Step("health", _gets([f"{API}/health"], count))


def _accounts(members: int) -> Generator[Step, list[Any], list[dict[str, str]]]:
    accounts = [
        {"email": f"capacity-{uuid.uuid4().hex}@serene-demo.com", "password": uuid.uuid4().hex}
        for _ in range(members)
    ]
    new = [_json("POST", "/auth/register", one | {"name": "A Reader"}) for one in accounts]
    yield Step("register", new, 202, repeatable=False)
    return (yield Step("log in", [_json("POST", "/auth/login", one) for one in accounts]))


def _account_reads(auth: Sequence[dict[str, str]]) -> Steps:
    def of_members(path: str, times: int = READS) -> list[Request]:
        return [Request("GET", f"{API}{path}", one) for one in auth] * times

    yield Step("own account", of_members("/auth/me"))
    missing = [Request("GET", f"{API}/sessions/{uuid.uuid4()}", one) for one in auth] * READS
    yield Step("session, missing", missing, 404)
    yield Step("own account, no token", [Request("GET", f"{API}/auth/me")] * len(auth) * READS, 401)


def _sessions(auth: Sequence[dict[str, str]]) -> Steps:
    found = yield Step("therapists", _gets([f"{API}/therapists"], len(auth) * READS, auth))
    ids = [one["id"] for one in found[0]["therapists"]]
    yield Step("therapist", _gets([f"{API}/therapists/{one}" for one in ids], len(auth), auth))
    count = max(len(ids), len(auth))
    slots = yield Step("slots", _gets([f"{API}/therapists/{i}/slots" for i in ids], count))
    free = [
        {"therapist_id": therapist, "starts_at": slot["starts_at"]}
        for therapist, page in zip(ids, slots[: len(ids)], strict=True)
        for slot in page["slots"]
    ]
    booking = [_json("POST", "/sessions", slot, one) for slot, one in zip(free, auth, strict=False)]
    booked = yield Step("book", booking, 201, repeatable=False)
    paths = [f"/sessions/{one['id']}" for one in booked]
    pairs = list(zip(paths, auth, strict=False))
    for name, card, status in (
        ("pay, declined", "pm_card_visa_chargeDeclined", 402),
        ("pay", "pm_card_visa", 200),
    ):
        body = {"payment_method": card}
        pay = [_json("POST", f"{path}/payment", body, one | _key()) for path, one in pairs]
        yield Step(name, pay, status, repeatable=False)
    yield Step("session", [Request("GET", f"{API}{path}", one) for path, one in pairs] * READS)
    calendar = [Request("GET", f"{API}{path}/calendar.ics", one) for path, one in pairs]
    yield Step("calendar", calendar * READS)
    yield Step("sessions", [Request("GET", f"{API}/sessions", one) for one in auth] * READS)
    cancel = [Request("POST", f"{API}{path}/cancellation", one | _key()) for path, one in pairs]
    yield Step("cancel", cancel, repeatable=False, removes=True)


def _files(auth: Sequence[dict[str, str]]) -> Steps:
    binary = {"Content-Type": "application/octet-stream"}
    content = FILE + uuid.uuid4().bytes * (FILE_BYTES // 16)
    uploads = [Request("POST", f"{API}/files", one | binary, content) for one in auth]
    kept = yield Step("upload", uploads, 201, repeatable=False)
    program = {"Content-Type": "image/png"}
    refused = [Request("POST", f"{API}/files", one | program, b"\x7fELF\x02\1\1\0") for one in auth]
    # The service closes the connection of each.
    yield Step("upload, refused", refused, 415, repeatable=False)
    yield Step("files", [Request("GET", f"{API}/files", one) for one in auth] * READS)
    paths = [(f"{API}/files/{file['id']}", one) for file, one in zip(kept, auth, strict=True)]
    yield Step("download", [Request("GET", f"{path}/content", one) for path, one in paths] * READS)
    remove = [Request("DELETE", path, one) for path, one in paths]
    yield Step("remove file", remove, 204, repeatable=False, removes=True)


def _companion(auth: Sequence[dict[str, str]]) -> Steps:
    path, message = "/companion/messages", {"message": "What helps before a hard day?"}
    whole = [_json("POST", path, message, one) for one in auth]
    answers = yield Step("message", whole, repeatable=False, at_once=20)
    ids = [answer["conversation_id"] for answer in answers]
    streamed = [
        _json("POST", path, message | {"conversation_id": each, "stream": True}, one)
        for each, one in zip(ids, auth, strict=True)
    ]
    yield Step("message, streamed", streamed, repeatable=False, at_once=20)
    talks = f"{API}/companion/conversations"
    yield Step("conversations", [Request("GET", talks, one) for one in auth] * READS)
    each = [Request("GET", f"{talks}/{i}", one) for i, one in zip(ids, auth, strict=True)]
    yield Step("conversation", each * READS)
    removed = [Request("DELETE", f"{talks}/{i}", one) for i, one in zip(ids, auth, strict=True)]
    yield Step("remove conversation", removed, 204, repeatable=False, removes=True)


def _mistakes(auth: Sequence[dict[str, str]]) -> Steps:
    empty = [_json("POST", "/companion/messages", {"message": " "}, one) for one in auth]
    yield Step("message, empty", empty * READS, 422)


def _webhook(count: int, secret: str) -> Steps:
    if not secret:
        return
    events = [_event(secret) for _ in range(count)]
    # Each is delivered twice, as by the demo traffic.
    yield Step("webhook", [*events, *events], repeatable=False)
    forged = [_event("whsec_of-a-forger") for _ in range(count)]
    yield Step("webhook, refused", forged, 400, repeatable=False)


def _event(secret: str) -> Request:
    body = new_event()
    return Request("POST", f"{API}/payments/webhook", signed_headers(body, secret), body)


def _gets(
    paths: Sequence[str], count: int, auth: Sequence[dict[str, str]] = ({},)
) -> list[Request]:
    """Return so many requests for the paths, in turn."""
    return [Request("GET", paths[n % len(paths)], auth[n % len(auth)]) for n in range(count)]


def _json(
    method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Request:
    own = {"Content-Type": "application/json", **(headers or {})}
    return Request(method, f"{API}{path}", own, json.dumps(body).encode())


def _refresh(tokens: Mapping[str, str]) -> dict[str, str]:
    return {"refresh_token": tokens["refresh_token"]}


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}
