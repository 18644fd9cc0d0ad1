"""Help lines over the rate limit, and on every problem of the route."""

import pytest

from tests.service.companion.conftest import CONVERSATIONS, MESSAGES, events, member

ALARMING = "I want to die"
WORLDWIDE = [
    {"country": None, "name": "European emergency number", "phone": "112", "url": None},
    {
        "country": None,
        "name": "Emergency services of most of the Americas",
        "phone": "911",
        "url": None,
    },
    {"country": None, "name": "Find A Helpline", "phone": None, "url": "https://findahelpline.com"},
]
NOT_STORED = {"conversation_id": None, "message_id": None, "reply_id": None}


@pytest.fixture
def limited(companion_with):
    """A companion whose rate limit of one message per minute is used up."""
    companion = companion_with(RATE_LIMITS="true", RATE_LIMIT_COMPANION="1/minute")
    assert companion.send().status_code == 200
    return companion


def refused(companion) -> int:
    """Return the number of messages over the rate limit."""
    return int(
        companion.telemetry.registry.get_sample_value(
            "serene_rate_limited_total", {"group": "companion"}
        )
    )


def test_limited_alarming_message_gets_help_lines(limited, model):
    answer = limited.send(ALARMING)
    body = answer.get_json()
    lines = body.pop("help_lines")
    assert (answer.status_code, answer.headers["Cache-Control"], body) == (
        200,
        "no-store",
        NOT_STORED | {"reply": None},
    )
    assert (lines[0]["phone"], lines[-3:]) == ("988", WORLDWIDE)
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert (refused(limited), limited.results(), len(model.received_requests())) == (
        1,
        {"answered": 1, "crisis": 1},
        1,
    )
    assert len(limited.get(CONVERSATIONS).get_json()["conversations"]) == 1


@pytest.mark.parametrize(
    ("body", "headers"), [({"stream": True}, {}), ({}, {"Accept": "text/event-stream"})]
)
def test_limited_alarming_message_gets_events_on_request(limited, body, headers):
    answer = limited.client.post(
        MESSAGES, json={"message": ALARMING, **body}, headers=member() | headers
    )
    (help_, shown), done = events(answer.get_data(as_text=True))
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200,
        "text/event-stream",
        "no-store",
    )
    assert (help_, shown["help_lines"][0]["phone"], shown["help_lines"][-3:], done) == (
        "help",
        "988",
        WORLDWIDE,
        ("done", NOT_STORED),
    )


def test_other_limited_messages_are_problems_with_help_lines(limited, model):
    answer = limited.send("good morning")
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    assert answer.get_json(force=True) == {
        "type": "urn:serene:problem:rate-limited",
        "title": "Rate Limited",
        "status": 429,
        "detail": "Too many requests; the next one passes in 60 s.",
        "instance": MESSAGES,
        "request_id": answer.headers["X-Request-ID"],
        "help_lines": WORLDWIDE,
    }
    assert int(answer.headers["Content-Length"]) == len(answer.get_data())
    assert (refused(limited), len(model.received_requests())) == (1, 1)


UNREADABLE = {
    "too large to be read": {"json": {"message": f"{ALARMING} {'x' * 70_000}"}},
    "too long": {"json": {"message": f"{ALARMING} {'x' * 4000}"}},
    "no JSON": {"data": b'{"message": "I want to die', "content_type": "application/json"},
    "of another type": {"data": ALARMING.encode(), "content_type": "text/plain"},
    "of no length": {
        "data": b"",
        "content_type": "application/json",
        "headers": {"Transfer-Encoding": "chunked"},
    },
    "with a member that is none of ours": {"json": {"message": ALARMING, "mood": "low"}},
}


@pytest.mark.parametrize("given", UNREADABLE.values(), ids=UNREADABLE)
def test_limited_unreadable_message_is_refused_with_help_lines(limited, given):
    answer = limited.client.post(
        MESSAGES, **given | {"headers": member() | given.get("headers", {})}
    )
    assert (answer.status_code, answer.get_json(force=True)["help_lines"]) == (429, WORLDWIDE)


def test_callers_without_access_are_refused_with_help_lines(companion_with):
    companion = companion_with(RATE_LIMITS="true", RATE_LIMIT_COMPANION="1/minute")
    strangers = [member(role="therapist"), {"Authorization": "Bearer none"}]
    answers = [
        companion.client.post(MESSAGES, json={"message": ALARMING}, headers=headers)
        for headers in strangers
        for _ in range(2)
    ]
    assert [(one.status_code, one.get_json(force=True)["help_lines"]) for one in answers] == [
        (status, WORLDWIDE) for status in (403, 429, 401, 429)
    ]


def test_every_problem_of_the_route_has_help_lines(companion, model):
    model.behave(status=500)
    answers = [
        companion.send(ALARMING + " x" * 600_000),
        companion.send("x" * 4001),
        companion.send("hello", conversation_id="0" * 32),
        companion.send("hello"),
        companion.client.post(
            MESSAGES, data="{", headers=member(), content_type="application/json"
        ),
        companion.client.post(MESSAGES, data=ALARMING, headers=member()),
    ]
    assert [(one.status_code, one.get_json(force=True)["help_lines"]) for one in answers] == [
        (status, WORLDWIDE) for status in (413, 422, 404, 502, 400, 415)
    ]


def test_problems_of_other_routes_have_no_help_lines(companion):
    assert "help_lines" not in companion.get(f"{CONVERSATIONS}/none").get_json(force=True)


def test_internal_error_has_help_lines(companion, monkeypatch):
    monkeypatch.setattr("service.companion.turns.new_id", lambda: 1 / 0)
    answer = companion.send(ALARMING)
    assert (answer.status_code, answer.get_json(force=True)["help_lines"]) == (500, WORLDWIDE)
