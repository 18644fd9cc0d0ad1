"""Resources of one account, and the requests of other accounts for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from service.companion.ids import created_at, new_id
from service.companion.model import Conversation, ConversationMessage
from service.companion.room import CompanionRoom
from service.mongo.clock import utc_now
from tests.service.accounts.test_protected_routes import ROLES, template_of
from tests.service.files.calls import upload
from tests.service.members import Member, with_role

API = "/api/v1"


class World:
    """Owners of resources, and other accounts of each role."""

    def __init__(self, client, service) -> None:
        self.client, self.service = client, service
        self.strangers = self._accounts("stranger")
        self.owners = self._accounts("owner")
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
            response = client.put(f"{API}/therapists/me", json=profile, headers=one.headers)
            assert response.status_code == 201

    def _accounts(self, kind: str) -> dict[str, Member]:
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

    def therapist(self) -> dict[str, str]:
        return {"therapist_id": self.therapist_id}

    def slot(self) -> dict[str, str]:
        """Open a slot at least three days ahead."""
        starts_at = self.hour()
        url = f"{API}/therapists/{self.therapist_id}/slots"
        response = self.client.post(
            url, json={"starts_at": [starts_at]}, headers=self.owners["therapist"].headers
        )
        assert response.status_code == 201, response.get_data(as_text=True)
        return self.therapist() | {"starts_at": starts_at}

    def hour(self) -> str:
        self._hours += 1
        return (utc_now() + timedelta(days=3, hours=self._hours)).strftime("%Y-%m-%dT%H:00:00Z")

    def session(self) -> dict[str, str]:
        response = self.client.post(
            f"{API}/sessions", json=self.slot(), headers=self.owners["member"].headers
        )
        assert response.status_code == 201, response.get_data(as_text=True)
        return {"session_id": response.get_json()["id"]}

    def database_content(self) -> dict[str, list[str]]:
        """Return every document of the database."""
        database = self.service.mongo.database
        return {
            name: sorted(map(repr, database[name].find()))
            for name in sorted(database.list_collection_names())
        }


@dataclass(frozen=True)
class Resource:
    """The resource of a route.

    Args:
        create: Creates one of the owner's; returns the variables of its path.
        owner: Role of the owner, whose request succeeds.
        strangers: Status for other accounts, by role.
        arguments: More of the request.
        body: Returns the JSON body, where it differs with each request.
    """

    create: Callable[[World], dict[str, str]]
    owner: str
    strangers: dict[str, int]
    arguments: dict[str, Any] = field(default_factory=dict)
    body: Callable[[World], dict[str, Any]] | None = None

    def request(
        self, world: World, account: Member, method: str, rule: str, values: dict[str, str]
    ) -> Any:
        path = template_of(rule).format(**values)
        headers = {**account.headers, **self.arguments.get("headers", {})}
        body = self.body(world) if self.body else self.arguments.get("json")
        return world.client.open(path, method=method, headers=headers, json=body)
