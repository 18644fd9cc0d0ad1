"""Every protected route with an id in its path, for a real thing of somebody else: refused as
documented, and nothing has changed.

The table is kept against the app's own URL map: a route with a variable in its path is listed here
with a maker of its thing, or is public.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from service.companion.ids import created_at, new_id
from service.companion.model import Conversation, ConversationMessage
from service.companion.room import CompanionRoom
from service.sessions.context import utc_now
from tests.service.accounts.test_protected_routes import PUBLIC, ROLES, routes, template_of
from tests.service.blog.calls import TEXT, create
from tests.service.files.calls import upload
from tests.service.members import Member, with_role
from tests.service.sessions.provider import Provider

API = "/api/v1"
HIDDEN = dict.fromkeys(ROLES, 404)
"""Nobody learns that it exists."""


class World:
    """The owners of things, and a stranger of each role."""

    def __init__(self, client, service) -> None:
        self.client, self.service = client, service
        self.strangers = self._everybody("stranger")
        self.owners = self._everybody("owner")
        self.therapist_id = self.owners["therapist"].account["id"]
        profile = {
            "name": "Grace",
            "title": "Psychologist",
            "languages": ["en"],
            "specialties": ["sleep"],
        }
        profile["price"] = {"amount": 9000, "currency": "eur"}
        self._hours = 0
        for one in (self.owners["therapist"], self.strangers["therapist"]):
            assert (
                client.put(f"{API}/therapists/me", json=profile, headers=one.headers).status_code
                == 201
            )

    def _everybody(self, kind: str) -> dict[str, Member]:
        return {
            role: with_role(
                self.client, self.service, role, email=f"{role}.{kind}@serene-mail.com", name=role
            )
            for role in ROLES
        }

    def account(self) -> dict[str, str]:
        return {"account_id": self.owners["member"].account["id"]}

    def member(self) -> dict[str, str]:
        return {"member_id": self.file() and self.owners["member"].account["id"]}

    def file(self) -> dict[str, str]:
        return {"file_id": upload(self.owners["member"]).get_json()["id"]}

    def conversation(self) -> dict[str, str]:
        own, message = new_id(), new_id()
        conversations = self.service.room(CompanionRoom).conversations
        conversations.begin(
            Conversation(own, self.owners["member"].account["id"], "hello", created_at(own))
        )
        conversations.add(
            own, [ConversationMessage(message, "member", "hello", True, created_at(message))]
        )
        return {"conversation_id": own}

    def draft(self) -> dict[str, str]:
        return {"slug": create(self.owners["author"]).get_json()["slug"]}

    def published(self) -> dict[str, str]:
        return {"slug": create(self.owners["author"], status="published").get_json()["slug"]}

    def whose_slots(self) -> dict[str, str]:
        return {"therapist_id": self.therapist_id}

    def slot(self) -> dict[str, str]:
        """A new slot, three days ahead or more."""
        starts_at = self.hour()
        url = f"{API}/therapists/{self.therapist_id}/slots"
        response = self.client.post(
            url, json={"starts_at": [starts_at]}, headers=self.owners["therapist"].headers
        )
        assert response.status_code == 201, response.get_data(as_text=True)
        return self.whose_slots() | {"starts_at": starts_at}

    def hour(self) -> str:
        self._hours += 1
        return (utc_now() + timedelta(days=3, hours=self._hours)).strftime("%Y-%m-%dT%H:00:00Z")

    def session(self) -> dict[str, str]:
        response = self.client.post(
            f"{API}/sessions", json=self.slot(), headers=self.owners["member"].headers
        )
        assert response.status_code == 201, response.get_data(as_text=True)
        return {"session_id": response.get_json()["id"]}

    def everything(self) -> dict[str, list[str]]:
        """All that the database holds."""
        database = self.service.mongo.database
        return {
            name: sorted(map(repr, database[name].find()))
            for name in sorted(database.list_collection_names())
        }


@dataclass(frozen=True)
class Thing:
    """What a route is about.

    Args:
        make: Makes one of the owner's; returns the variables of its path.
        owner: Role of whom it belongs to, and for whom the call goes well.
        strangers: What others get, by their role.
        given: More of the request.
        body: Its JSON, for what differs with each call.
    """

    make: Callable[[World], dict[str, str]]
    owner: str
    strangers: dict[str, int]
    given: dict[str, Any] = field(default_factory=dict)
    body: Callable[[World], dict[str, Any]] | None = None

    def call(
        self, world: World, who: Member, method: str, rule: str, values: dict[str, str]
    ) -> Any:
        path = template_of(rule).format(**values)
        headers = {**who.headers, **self.given.get("headers", {})}
        body = self.body(world) if self.body else self.given.get("json")
        return world.client.open(path, method=method, headers=headers, json=body)


# An author learns what is published anyway, and an admin looks after every post, every therapist's
# slots and every account.
DRAFT = {"member": 403, "therapist": 403, "author": 404}
POST = {"member": 403, "therapist": 403, "author": 403}
SLOT = {"member": 403, "author": 403, "therapist": 403}
COMPANION = {"member": 404, "therapist": 403, "author": 403, "admin": 404}
KEY = {"headers": {"Idempotency-Key": "of-a-stranger"}}
BLOG = f"{API}/blog/posts/<slug>"
SESSION = f"{API}/sessions/<uuid:session_id>"
SLOTS = f"{API}/therapists/<uuid:therapist_id>/slots"
CONVERSATION = f"{API}/companion/conversations/<conversation_id>"
FILE = f"{API}/files/<file_id>"

THINGS = {
    ("PUT", f"{API}/accounts/<account_id>/role"): Thing(
        World.account,
        "admin",
        {"member": 403, "therapist": 403, "author": 403},
        {"json": {"role": "member"}},
    ),
    ("GET", f"{API}/blog/drafts/<slug>"): Thing(World.draft, "author", DRAFT),
    ("PUT", BLOG): Thing(World.published, "author", POST, {"json": TEXT}),
    ("PATCH", BLOG): Thing(World.published, "author", POST, {"json": {"title": "Mine now"}}),
    ("DELETE", BLOG): Thing(World.published, "author", POST),
    ("POST", f"{BLOG}/publish"): Thing(World.draft, "author", DRAFT),
    ("POST", f"{BLOG}/unpublish"): Thing(World.published, "author", POST),
    ("GET", CONVERSATION): Thing(World.conversation, "member", COMPANION),
    ("DELETE", CONVERSATION): Thing(World.conversation, "member", COMPANION),
    ("GET", FILE): Thing(World.file, "member", HIDDEN),
    ("DELETE", FILE): Thing(World.file, "member", HIDDEN),
    ("GET", f"{FILE}/content"): Thing(World.file, "member", HIDDEN),
    ("GET", f"{API}/members/<member_id>/files"): Thing(World.member, "member", HIDDEN),
    ("GET", SESSION): Thing(World.session, "member", HIDDEN),
    ("GET", f"{SESSION}/calendar.ics"): Thing(World.session, "member", HIDDEN),
    ("POST", f"{SESSION}/cancellation"): Thing(World.session, "member", HIDDEN, KEY),
    ("POST", f"{SESSION}/payment"): Thing(
        World.session, "member", HIDDEN, KEY | {"json": {"payment_method": "pm_card"}}
    ),
    ("POST", SLOTS): Thing(
        World.whose_slots, "therapist", SLOT, body=lambda world: {"starts_at": [world.hour()]}
    ),
    ("DELETE", f"{SLOTS}/<starts_at>"): Thing(World.slot, "therapist", SLOT),
}


@pytest.fixture
def world(build_service) -> World:
    service = build_service(payments=Provider())
    return World(service.app.test_client(), service)


def test_every_protected_route_of_a_thing_is_listed(world):
    assert {
        route for route in routes(world.client.application).keys() - PUBLIC if "<" in route[1]
    } == THINGS.keys()


def test_nobody_does_anything_with_what_is_somebody_elses(world):
    documented = world.client.get(f"{API}/openapi.json").get_json()["paths"]
    seen, expected = {}, {}
    for (method, rule), thing in THINGS.items():
        values, before = thing.make(world), None
        for role, status in thing.strangers.items():
            before = before or world.everything()
            response = thing.call(world, world.strangers[role], method, rule, values)
            told = str(status) in documented[template_of(rule)][method.lower()]["responses"]
            seen[method, rule, role] = (
                response.status_code,
                response.content_type,
                told,
                world.everything() == before,
            )
            expected[method, rule, role] = (status, "application/problem+json", True, True)
    assert seen == expected


def test_the_same_calls_go_well_for_whom_it_belongs_to(world):
    statuses = {}
    for (method, rule), thing in THINGS.items():
        response = thing.call(world, world.owners[thing.owner], method, rule, thing.make(world))
        statuses[method, rule] = response.status_code
    assert {route: status for route, status in statuses.items() if not 200 <= status < 300} == {}


def test_what_is_not_there_looks_like_what_is_not_theirs(world):
    """The whole problem is the same, so that nobody can tell a foreign id from one that does not
    exist.
    """
    differing = []
    for (method, rule), thing in THINGS.items():
        real = thing.make(world)
        for role in [role for role, status in thing.strangers.items() if status == 404]:
            none = {
                name: "0" * len(value) if name != "session_id" else f"{value[:-12]}{'0' * 12}"
                for name, value in real.items()
            }
            answers = [
                thing.call(world, world.strangers[role], method, rule, values)
                for values in (real, none)
            ]
            if told(answers[0]) != told(answers[1]):
                differing.append((method, rule, role))
    assert differing == []


def told(response: Any) -> tuple[int, dict[str, Any]]:
    """A problem without what differs each time."""
    body = json.loads(response.get_data())
    return response.status_code, {
        name: value for name, value in body.items() if name not in ("instance", "request_id")
    }
