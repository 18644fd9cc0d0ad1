"""Every protected route with an id in its path, for a resource of another account.

It is refused as documented and changes nothing. The table is compared with the app's URL map: a
route with a variable in its path is listed with a resource, or is public.
"""

import importlib
import json
from typing import Any

import pytest

from tests.service.accounts.foreign_accounts import API, Resource, World
from tests.service.accounts.test_protected_routes import PUBLIC, ROLES, routes, template_of
from tests.service.rooms import has_room
from tests.service.sessions.provider import Provider

HIDDEN = dict.fromkeys(ROLES, 404)
"""No other account can find out whether the resource exists."""

SLOT = {"member": 403, "author": 403, "therapist": 403}
COMPANION = {"member": 404, "therapist": 403, "author": 403, "admin": 404}
KEY = {"headers": {"Idempotency-Key": "of-a-stranger"}}
SESSION = f"{API}/sessions/<uuid:session_id>"
SLOTS = f"{API}/therapists/<uuid:therapist_id>/slots"
CONVERSATION = f"{API}/companion/conversations/<conversation_id>"
FILE = f"{API}/files/<file_id>"

RESOURCES = {
    ("PUT", f"{API}/accounts/<account_id>/role"): Resource(
        World.account,
        "admin",
        {"member": 403, "therapist": 403, "author": 403},
        {"json": {"role": "member"}},
    ),
    ("GET", CONVERSATION): Resource(World.conversation, "member", COMPANION),
    ("DELETE", CONVERSATION): Resource(World.conversation, "member", COMPANION),
    ("GET", FILE): Resource(World.file, "member", HIDDEN),
    ("DELETE", FILE): Resource(World.file, "member", HIDDEN),
    ("GET", f"{FILE}/content"): Resource(World.file, "member", HIDDEN),
    ("GET", f"{API}/members/<member_id>/files"): Resource(World.member, "member", HIDDEN),
    ("GET", SESSION): Resource(World.session, "member", HIDDEN),
    ("GET", f"{SESSION}/calendar.ics"): Resource(World.session, "member", HIDDEN),
    ("POST", f"{SESSION}/cancellation"): Resource(World.session, "member", HIDDEN, KEY),
    ("POST", f"{SESSION}/payment"): Resource(
        World.session, "member", HIDDEN, KEY | {"json": {"payment_method": "pm_card"}}
    ),
    ("POST", SLOTS): Resource(
        World.therapist, "therapist", SLOT, body=lambda world: {"starts_at": [world.hour()]}
    ),
    ("DELETE", f"{SLOTS}/<starts_at>"): Resource(World.slot, "therapist", SLOT),
}
if has_room("blog"):
    RESOURCES |= importlib.import_module("tests.service.blog.foreign_accounts").RESOURCES


@pytest.fixture
def world(build_service) -> World:
    service = build_service(payments=Provider())
    return World(service.app.test_client(), service)


def test_every_protected_route_of_a_resource_is_listed(world):
    assert {
        route for route in routes(world.client.application).keys() - PUBLIC if "<" in route[1]
    } == RESOURCES.keys()


def test_other_accounts_are_refused_as_documented_and_change_nothing(world):
    paths = world.client.get(f"{API}/openapi.json").get_json()["paths"]
    seen, expected = {}, {}
    for (method, rule), resource in RESOURCES.items():
        values, before = resource.create(world), None
        for role, status in resource.strangers.items():
            before = before or world.database_content()
            response = resource.request(world, world.strangers[role], method, rule, values)
            documented = str(status) in paths[template_of(rule)][method.lower()]["responses"]
            seen[method, rule, role] = (
                response.status_code,
                response.content_type,
                documented,
                world.database_content() == before,
            )
            expected[method, rule, role] = (status, "application/problem+json", True, True)
    assert seen == expected


def test_requests_of_the_owner_succeed(world):
    statuses = {}
    for (method, rule), resource in RESOURCES.items():
        owner = world.owners[resource.owner]
        response = resource.request(world, owner, method, rule, resource.create(world))
        statuses[method, rule] = response.status_code
    assert {route: status for route, status in statuses.items() if not 200 <= status < 300} == {}


def test_foreign_resource_and_missing_resource_get_the_same_problem(world):
    differing = []
    for (method, rule), resource in RESOURCES.items():
        real = resource.create(world)
        for role in [role for role, status in resource.strangers.items() if status == 404]:
            missing = {
                name: "0" * len(value) if name != "session_id" else f"{value[:-12]}{'0' * 12}"
                for name, value in real.items()
            }
            responses = [
                resource.request(world, world.strangers[role], method, rule, values)
                for values in (real, missing)
            ]
            if problem(responses[0]) != problem(responses[1]):
                differing.append((method, rule, role))
    assert differing == []


def problem(response: Any) -> tuple[int, dict[str, Any]]:
    """Return the problem without the members that differ each time."""
    body = json.loads(response.get_data())
    return response.status_code, {
        name: value for name, value in body.items() if name not in ("instance", "request_id")
    }
