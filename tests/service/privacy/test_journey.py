"""Successful requests leak no canary: a journey through every operation of the OpenAPI document.

An operation that the journey does not cover fails the test, so a new route has to be added here.
"""

import importlib
from collections.abc import Callable
from datetime import timedelta

from service.sessions.context import utc_now
from tests.service.instrumented_app import InstrumentedApp
from tests.service.members import AUTH, Member, bearer, registration
from tests.service.payments.signed import deliver, event
from tests.service.privacy.canaries import EMAIL, FILE_NAME, KEY, PASSWORD, TOKEN, WORD, leaks
from tests.service.privacy.journey import AGENT, Journey
from tests.service.privacy.test_refused import operations
from tests.service.rooms import has_room
from tests.stripe_mock import ACTION_REQUIRED, DECLINED, TAKEN

API = "/api/v1"
SESSIONS = f"{API}/sessions"
PROFILE = {
    "name": "Canary Name",
    "title": WORD,
    "languages": ["en"],
    "specialties": ["canary"],
    "price": {"amount": 9000, "currency": "eur"},
    "bio": WORD,
}


def accounts(journey: Journey) -> Member:
    """Register, log in, read the account, refresh, change the password and log out."""
    person = registration(email=EMAIL, password=PASSWORD, name="Canary Name")
    journey.call("POST", f"{AUTH}/register", status=202, json=person)
    journey.call(
        "POST", f"{AUTH}/login", status=401, json={"email": EMAIL, "password": "canary-wrong"}
    )
    first = journey.call(
        "POST", f"{AUTH}/login", status=200, json={"email": EMAIL, "password": PASSWORD}
    )
    second = journey.call(
        "POST", f"{AUTH}/refresh", status=200, json={"refresh_token": first["refresh_token"]}
    )
    change = {"current_password": PASSWORD, "new_password": "canary-second-password"}
    third = journey.call(
        "POST", f"{AUTH}/password", status=200, json=change, headers=bearer(second["access_token"])
    )
    account = journey.call(
        "GET", f"{AUTH}/me?token={TOKEN}", status=200, headers=bearer(third["access_token"])
    )
    journey.call(
        "POST", f"{AUTH}/logout", status=204, json={"refresh_token": third["refresh_token"]}
    )
    journey.tokens += [
        each[name] for each in (first, second, third) for name in ("access_token", "refresh_token")
    ]
    # A reused refresh token ends its login, and too many wrong passwords are locked out.
    journey.call(
        "POST", f"{AUTH}/refresh", status=401, json={"refresh_token": first["refresh_token"]}
    )
    attempts = [{"email": f"locked.{EMAIL}", "password": "canary-wrong"}] * 6
    for attempt, status in zip(attempts, [*[401] * 5, 429], strict=True):
        journey.call("POST", f"{AUTH}/login", status=status, json=attempt)
    admin = journey.register("admin")
    journey.call(
        "PUT", f"{API}/accounts/{account['id']}/role", admin, status=200, json={"role": "member"}
    )
    return Member(journey.client, account, third)


def companion(journey: Journey, member: Member) -> None:
    """Send messages, with whole and streamed replies, and one in a crisis."""
    messages, conversations = f"{API}/companion/messages", f"{API}/companion/conversations"
    kept = journey.call("POST", messages, member, status=200, json={"message": WORD})[
        "conversation_id"
    ]
    journey.call(
        "POST",
        messages,
        member,
        status=200,
        json={"message": WORD, "stream": True, "conversation_id": kept},
    )
    assert journey.call(
        "POST", messages, member, status=200, json={"message": f"I want to die, {WORD}"}
    )["help_lines"]
    journey.call("GET", f"{conversations}?limit=1", member, status=200)
    journey.call("GET", f"{conversations}/{kept}", member, status=200)
    journey.call("DELETE", f"{conversations}/{kept}", member, status=204)


def files(journey: Journey, member: Member) -> None:
    """Upload, list, read and delete a file."""
    named = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
    url = f"{API}/files"
    file = journey.call(
        "POST",
        url,
        member,
        status=201,
        data=WORD.encode(),
        headers=named,
        content_type="text/plain",
    )
    journey.call("GET", url, member, status=200)
    journey.call("GET", f"{API}/members/{member.account['id']}/files", member, status=200)
    journey.call("GET", file["url"], member, status=200)
    journey.call(
        "GET",
        file["content_url"],
        member,
        status=206,
        headers={"Range": "bytes=0-3", "If-Range": file["sha256"].join('""')},
    )
    journey.call("DELETE", file["url"], member, status=204)


def sessions(journey: Journey, member: Member) -> None:
    """Open slots, book, pay with a declined card and a valid one, cancel, and deliver an event."""
    therapist_id, begins = open_slots(journey)
    booked = [
        journey.call(
            "POST",
            SESSIONS,
            member,
            status=201,
            json={"therapist_id": therapist_id, "starts_at": each},
        )["id"]
        for each in begins
    ]
    pay_and_cancel(journey, member, booked)
    payment_event = event(
        amount_received=9000,
        metadata={"booking_id": booked[1], "note": WORD},
        receipt_email=EMAIL,
        description=WORD,
    )
    assert deliver(journey.client, payment_event, **AGENT).status_code == 200
    journey.record("POST", f"{API}/payments/webhook")


def open_slots(journey: Journey) -> tuple[str, list[str]]:
    """Open slots and close one; returns the therapist and the starts of the open ones."""
    therapist = journey.register("therapist")
    own = f"{API}/therapists/{therapist.account['id']}"
    begins = [
        (utc_now() + timedelta(days=3, hours=hour)).strftime("%Y-%m-%dT%H:00:00Z")
        for hour in range(3)
    ]
    journey.call("PUT", f"{API}/therapists/me", therapist, status=201, json=PROFILE)
    journey.call("POST", f"{own}/slots", therapist, status=201, json={"starts_at": begins})
    journey.call("GET", f"{API}/therapists?specialty=canary", status=200)
    journey.call("GET", own, status=200)
    journey.call("GET", f"{own}/slots", status=200)
    journey.call("DELETE", f"{own}/slots/{begins[2]}", therapist, status=204)
    return therapist.account["id"], begins[:2]


def pay_and_cancel(journey: Journey, member: Member, booked: list[str]) -> None:
    """Pay one session and cancel it, and begin to pay the other."""
    url = SESSIONS
    pay = f"{url}/{booked[0]}/payment"
    ways = ((DECLINED, 402), (TAKEN, 200))
    for number, (method, status) in enumerate(ways):
        key = {"Idempotency-Key": f"{KEY}-{number}"}
        journey.call(
            "POST", pay, member, status=status, json={"payment_method": method}, headers=key
        )
    key = {"Idempotency-Key": f"{KEY}-consent"}
    journey.call(
        "POST",
        f"{url}/{booked[1]}/payment",
        member,
        status=402,
        json={"payment_method": ACTION_REQUIRED},
        headers=key,
    )
    settle(journey, member, booked)


def settle(journey: Journey, member: Member, booked: list[str]) -> None:
    """Read the bookings, cancel one, and deliver the payment of the other."""
    url = f"{API}/sessions"
    journey.call("GET", url, member, status=200)
    journey.call("GET", f"{url}/{booked[0]}", member, status=200)
    journey.call("GET", f"{url}/{booked[0]}/calendar.ics", member, status=200)
    journey.call(
        "POST",
        f"{url}/{booked[0]}/cancellation",
        member,
        status=200,
        headers={"Idempotency-Key": f"{KEY}-cancel"},
    )


def pages(journey: Journey) -> None:
    """Read the public pages."""
    for path in (
        "/",
        f"{API}/docs?token={TOKEN}",
        f"{API}/docs/start.js",
        f"{API}/openapi.json",
        f"{API}/health/liveness",
    ):
        journey.call("GET", path, status=200)
    for path in (f"{API}/health", f"{API}/health/readiness"):
        # The background check of the database is off here, so the service is not ready.
        journey.client.get(path)
        journey.record("GET", path)


def test_successful_requests_leak_no_canary(instrumented: InstrumentedApp):
    journey = Journey(instrumented)
    member = accounts(journey)
    walks: list[Callable[[Journey, Member], None]] = [companion, files, sessions]
    if has_room("blog"):
        importlib.import_module("tests.service.blog.privacy_journey").walk(journey)
    for walk in walks:
        walk(journey, member)
    pages(journey)
    signals = instrumented.signals()
    assert {
        (method, path) for method, path, _ in operations(instrumented.document)
    } == journey.succeeded
    assert signals["logs"].count('"logger":"access"') == journey.sent

    # Every sink received every kind of signal.
    spans = {span.name for span in instrumented.spans.get_finished_spans()}
    assert {
        "POST /api/v1/companion/messages",
        "insert conversation_messages",
        "chat serene-companion",
    } <= spans
    assert {"insert bookings", "POST /v1/payment_intents", "POST /v1/refunds"} <= spans
    assert signals["metrics"].count("serene_payments_total{") >= 3
    assert leaks(signals) == []
    parts = {part for token in journey.tokens for part in [token, *token.split(".")[1:]]}
    assert [(sink, part) for sink, text in signals.items() for part in parts if part in text] == []
