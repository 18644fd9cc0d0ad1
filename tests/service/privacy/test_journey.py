"""No canary of a request that goes well is told: a journey through every operation of the app's own
document.

An operation that the journey does not come by fails the test, so that a new route has to be taken
in.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from service.sessions.context import utc_now
from tests.service.blog.calls import DRAFTS, POSTS
from tests.service.instrumented_app import InstrumentedApp
from tests.service.members import AUTH, Member, bearer, registration, with_role
from tests.service.payments.signed import deliver, event
from tests.service.privacy.test_refused import operations
from tests.service.privacy.values import EMAIL, FILE_NAME, KEY, PASSWORD, TOKEN, WORD, leaks
from tests.stripe_mock import ACTION_REQUIRED, DECLINED, TAKEN

API = "/api/v1"
AGENT = {
    "User-Agent": f"agent/1.0 ({EMAIL})",
    "Cookie": "session=canary-of-a-cookie",
    "Referer": f"https://serene-mail.com/?q={TOKEN}",
}
TEXT = {
    "title": "Canary in a coal mine",
    "summary": WORD,
    "category": "canary",
    "tags": ["canary"],
    "body": f"*{WORD}*",
}
PROFILE = {
    "name": "Canary Name",
    "title": WORD,
    "languages": ["en"],
    "specialties": ["canary"],
    "price": {"amount": 9000, "currency": "eur"},
    "bio": WORD,
}


class Journey:
    """Calls, and what operations they went well for."""

    def __init__(self, watched: InstrumentedApp) -> None:
        self.watched, self.client = watched, watched.client
        self._rules = watched.client.application.url_map.bind("")
        self.went_well: set[tuple[str, str]] = set()
        self.sent = 0
        self.tokens: list[str] = []

    def call(
        self, method: str, path: str, who: Member | None = None, *, status: int, **given: Any
    ) -> Any:
        """One call; returns its JSON, if it has some."""
        headers = AGENT | (who.headers if who else {}) | given.pop("headers", {})
        response = self.client.open(path, method=method, headers=headers, **given)
        assert response.status_code == status, (method, path, response.get_data(as_text=True))
        self.note(method, path)
        return response.get_json(silent=True)

    def note(self, method: str, path: str) -> None:
        """That it went well."""
        rule, _ = self._rules.match(path.partition("?")[0], method=method, return_rule=True)
        self.went_well.add(
            (method, rule.rule.replace("<uuid:", "<").replace("<", "{").replace(">", "}"))
        )
        self.sent += 1

    def staff(self, role: Any) -> Member:
        """An account of a role; its name and password are canaries."""
        found = with_role(
            self.client,
            self.watched.store,
            role,
            email=f"{role}.{EMAIL}",
            name="Canary Name",
            password=PASSWORD,
        )
        self.sent += 2
        self.tokens += [found.tokens["access_token"], found.tokens["refresh_token"]]
        return found


def accounts(journey: Journey) -> Member:
    """Somebody registers, looks at herself, renews, changes the password and logs out."""
    person = registration(email=EMAIL, password=PASSWORD, name="Canary Name")
    journey.call("POST", f"{AUTH}/register", status=201, json=person)
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
    # A token that is used again ends its family, and who guesses has to wait.
    journey.call(
        "POST", f"{AUTH}/refresh", status=401, json={"refresh_token": first["refresh_token"]}
    )
    guesses = [{"email": f"guessed.{EMAIL}", "password": "canary-wrong"}] * 6
    for guess, status in zip(guesses, [*[401] * 5, 429], strict=True):
        journey.call("POST", f"{AUTH}/login", status=status, json=guess)
    admin = journey.staff("admin")
    journey.call(
        "PUT", f"{API}/accounts/{account['id']}/role", admin, status=200, json={"role": "member"}
    )
    return Member(journey.client, account, third)


def blog(journey: Journey) -> None:
    """A draft whose title nobody may know is written, changed, published, taken back and deleted."""
    author = journey.staff("author")
    slug = journey.call("POST", POSTS, author, status=201, json=TEXT)["slug"]
    assert slug == "canary-in-a-coal-mine"
    post, match = f"{POSTS}/{slug}", {"If-Match": '"canary"'}
    journey.call("GET", DRAFTS, author, status=200)
    journey.call("GET", f"{DRAFTS}/{slug}", author, status=200)
    journey.call("PUT", post, author, status=412, json=TEXT, headers=match)
    journey.call("PUT", post, author, status=200, json=TEXT | {"body": WORD * 2})
    journey.call("PATCH", post, author, status=200, json={"summary": WORD})
    journey.call("POST", f"{post}/publish", author, status=200)
    journey.call("POST", f"{post}/unpublish", author, status=200)
    journey.call("DELETE", post, author, status=204)
    # What readers see has an address that everybody may know; what they look for is theirs.
    public = journey.call(
        "POST",
        POSTS,
        author,
        status=201,
        json=TEXT | {"title": "Open to all", "status": "published"},
    )["slug"]
    journey.call("GET", f"{POSTS}?tag=canary&category=canary&q={TOKEN}", status=200)
    journey.call("GET", f"{POSTS}/{public}", status=200)


def companion(journey: Journey, member: Member) -> None:
    """Somebody talks, in one piece and in events, also in a crisis."""
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
    """A file is kept, listed, read and removed."""
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
    """A therapist opens slots; a member books, pays with a bad card and a good one, and cancels;
    Stripe tells of it.
    """
    therapist = journey.staff("therapist")
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
    url = f"{API}/sessions"
    booked = [
        journey.call(
            "POST",
            url,
            member,
            status=201,
            json={"therapist_id": therapist.account["id"], "starts_at": each},
        )["id"]
        for each in begins[:2]
    ]
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
    told = event(
        amount_received=9000,
        metadata={"booking_id": booked[1], "note": WORD},
        receipt_email=EMAIL,
        description=WORD,
    )
    assert deliver(journey.client, told, **AGENT).status_code == 200
    journey.note("POST", f"{API}/payments/webhook")


def pages(journey: Journey) -> None:
    """What everybody may read."""
    for path in (
        "/",
        f"{API}/docs?token={TOKEN}",
        f"{API}/docs/start.js",
        f"{API}/openapi.json",
        f"{API}/health/liveness",
    ):
        journey.call("GET", path, status=200)
    for path in (f"{API}/health", f"{API}/health/readiness"):
        journey.client.get(
            path
        )  # nothing looks at the database in the background here, so it is not ready
        journey.note("GET", path)


def test_no_canary_of_a_request_that_goes_well_is_told(watched: InstrumentedApp):
    journey = Journey(watched)
    member = accounts(journey)
    walks: list[Callable[[Journey, Member], None]] = [companion, files, sessions]
    blog(journey)
    for walk in walks:
        walk(journey, member)
    pages(journey)
    told = watched.signals()
    assert {(method, path) for method, path, _ in operations(watched.document)} == journey.went_well
    assert told["logs"].count('"logger":"access"') == journey.sent

    # Each sink was told of each part.
    spans = {span.name for span in watched.spans.get_finished_spans()}
    assert {
        "POST /api/v1/companion/messages",
        "insert conversation_messages",
        "chat serene-companion",
    } <= spans
    assert {"insert bookings", "POST /v1/payment_intents", "POST /v1/refunds"} <= spans
    assert told["metrics"].count("serene_payments_total{") >= 3
    assert told["logs"].count('"path":"/api/v1/blog/drafts/REDACTED"') == 1
    assert told["logs"].count('"path":"/api/v1/blog/posts/REDACTED/publish"') == 1
    assert leaks(told) == []
    parts = {part for token in journey.tokens for part in [token, *token.split(".")[1:]]}
    assert [(sink, part) for sink, text in told.items() for part in parts if part in text] == []
