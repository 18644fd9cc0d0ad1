"""The group of every route in the app's URL map and in the OpenAPI document."""

import pytest

from service.rate_limits.groups import group_of, limited
from service.rate_limits.limiter import HEADERS
from tests.service.rooms import is_served

GROUPS = {
    ("GET", "/"): "read",
    ("GET", "/api/v1/auth/me"): "read",
    ("GET", "/api/v1/blog/posts"): "read",
    ("GET", "/api/v1/blog/posts/<slug>"): "read",
    ("GET", "/api/v1/docs"): None,
    ("GET", "/api/v1/docs/<name>"): None,
    ("GET", "/api/v1/health"): None,
    ("GET", "/api/v1/health/liveness"): None,
    ("GET", "/api/v1/health/readiness"): None,
    ("GET", "/api/v1/openapi.json"): None,
    ("DELETE", "/api/v1/blog/posts/<slug>"): "write",
    ("DELETE", "/api/v1/files/<file_id>"): "write",
    ("DELETE", "/api/v1/therapists/<uuid:therapist_id>/slots/<starts_at>"): "write",
    ("GET", "/api/v1/sessions"): "read",
    ("GET", "/api/v1/sessions/<uuid:session_id>"): "read",
    ("GET", "/api/v1/sessions/<uuid:session_id>/calendar.ics"): "read",
    ("GET", "/api/v1/therapists"): "read",
    ("GET", "/api/v1/therapists/<uuid:therapist_id>"): "read",
    ("GET", "/api/v1/therapists/<uuid:therapist_id>/slots"): "read",
    ("POST", "/api/v1/sessions"): "write",
    ("POST", "/api/v1/sessions/<uuid:session_id>/cancellation"): "write",
    ("POST", "/api/v1/sessions/<uuid:session_id>/payment"): "write",
    ("POST", "/api/v1/therapists/<uuid:therapist_id>/slots"): "write",
    ("PUT", "/api/v1/therapists/me"): "write",
    ("GET", "/api/v1/files"): "read",
    ("GET", "/api/v1/files/<file_id>"): "read",
    ("GET", "/api/v1/files/<file_id>/content"): "read",
    ("GET", "/api/v1/members/<member_id>/files"): "read",
    ("POST", "/api/v1/files"): "upload",
    ("POST", "/api/v1/payments/webhook"): None,
    ("GET", "/api/v1/blog/drafts"): "read",
    ("GET", "/api/v1/blog/drafts/<slug>"): "read",
    ("PATCH", "/api/v1/blog/posts/<slug>"): "write",
    ("POST", "/api/v1/blog/posts"): "write",
    ("POST", "/api/v1/blog/posts/<slug>/publish"): "write",
    ("POST", "/api/v1/blog/posts/<slug>/unpublish"): "write",
    ("PUT", "/api/v1/accounts/<account_id>/role"): "write",
    ("PUT", "/api/v1/blog/posts/<slug>"): "write",
    ("DELETE", "/api/v1/companion/conversations/<conversation_id>"): "write",
    ("GET", "/api/v1/companion/conversations"): "read",
    ("GET", "/api/v1/companion/conversations/<conversation_id>"): "read",
    ("POST", "/api/v1/companion/messages"): "companion",
    ("POST", "/api/v1/auth/login"): "login",
    ("POST", "/api/v1/auth/logout"): "anonymous",
    ("POST", "/api/v1/auth/password"): "login",
    ("POST", "/api/v1/auth/refresh"): "anonymous",
    ("POST", "/api/v1/auth/register"): "login",
}


GROUPS = {route: group for route, group in GROUPS.items() if is_served(route[1])}


def groups(app):
    return {
        (method, rule.rule): group_of(app.view_functions[rule.endpoint], method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_route_has_the_expected_group(client):
    assert groups(client.application) == GROUPS


def test_document_describes_the_limits_of_limited_routes(client):
    document = client.get("/api/v1/openapi.json").get_json()
    seen, expected = {}, {}
    for (method, rule), group in groups(client.application).items():
        path = rule.replace("<uuid:", "<").replace("<", "{").replace(">", "}")
        responses = document["paths"][path][method.lower()]["responses"]
        successes = [
            answer["headers"].keys() for status, answer in responses.items() if status < "4"
        ]
        seen[method, rule] = (
            "429" in responses,
            [HEADERS.keys() <= headers for headers in successes],
        )
        expected[method, rule] = (group is not None, [group is not None] * len(successes))
    assert seen == expected
    assert document["components"]["responses"]["TooManyRequests"][
        "headers"
    ].keys() >= HEADERS.keys() | {"Retry-After"}


def test_document_has_no_limits_that_are_off(limited):
    document = limited(RATE_LIMITS="false").get("/api/v1/openapi.json").get_json()
    # A login is refused after too many wrong passwords, whatever the limits are.
    limited_paths = {
        path
        for path, item in document["paths"].items()
        for one in item.values()
        if "429" in one["responses"]
    }
    assert limited_paths == {"/api/v1/auth/login", "/api/v1/auth/password"}


def test_unknown_group_is_an_error():
    with pytest.raises(
        ValueError,
        match="there is no group 'logins'; there is login, read, write, companion, upload, "
        "anonymous, refresh",
    ):
        limited("logins")
