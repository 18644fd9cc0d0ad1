"""Every route with every kind of invalid token: a route is protected, or in the list below."""

import base64
import hmac
import json
import re
import time

import jwt
import pytest

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.settings import DEVELOPMENT_KEYS, AccountSettings, parse_keys
from service.http.access import ACCESS
from tests.service.members import bearer
from tests.service.rooms import is_served

PUBLIC = {
    ("GET", "/"),
    ("GET", "/api/v1/blog/posts"),
    ("GET", "/api/v1/blog/posts/<slug>"),
    ("GET", "/api/v1/docs"),
    ("GET", "/api/v1/docs/<name>"),
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/health/liveness"),
    ("GET", "/api/v1/health/readiness"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/therapists"),
    ("GET", "/api/v1/therapists/<uuid:therapist_id>"),
    ("GET", "/api/v1/therapists/<uuid:therapist_id>/slots"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/payments/webhook"),
}
PUBLIC = {route for route in PUBLIC if is_served(f"{route[1]}/")}
SECRET = parse_keys(DEVELOPMENT_KEYS)["development"]
UUID = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
ROLES = ("member", "therapist", "author", "admin")


def issued(role: str = "member", *, seconds_ago: float = 0.0, **settings: str) -> str:
    tokens = AccessTokens(
        AccountSettings.from_env(settings), clock=lambda: time.time() - seconds_ago
    )
    return tokens.issue(Identity(UUID, role))


def part(members: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def changed(header: dict[str, str] | None = None, **claims: object) -> str:
    """Return a valid token with other members and its old signature."""
    _, _, signature = issued().split(".")
    own = jwt.decode(issued(), options={"verify_signature": False})
    return ".".join(
        (
            part(header or {"alg": "HS256", "kid": "development", "typ": "at+jwt"}),
            part(own | claims),
            signature,
        )
    )


def signed_by_hs512() -> str:
    """Return a token with the right key and another secure algorithm."""
    claims = jwt.decode(issued(), options={"verify_signature": False})
    signing = f"{part({'alg': 'HS512', 'kid': 'development', 'typ': 'at+jwt'})}.{part(claims)}"
    signature = hmac.digest(SECRET.encode(), signing.encode(), "sha512")
    return f"{signing}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def signed(
    *, kid: str = "development", typ: str = "at+jwt", leave_out: str = "", **claims: object
) -> str:
    """Return a token with the right key and other members."""
    own = jwt.decode(issued(), options={"verify_signature": False}) | claims
    own.pop(leave_out, None)
    return jwt.encode(own, SECRET, algorithm="HS256", headers={"kid": kid, "typ": typ})


MISSING = 'Bearer realm="Serene API"'
INVALID = 'Bearer realm="Serene API", error=invalid_token'
BAD = {
    "none": ({}, MISSING),
    "basic": ({"Authorization": "Basic YTpi"}, MISSING),
    "empty": ({"Authorization": "Bearer "}, MISSING),
    "expired": (bearer(issued(seconds_ago=906)), INVALID),
    "foreign key": (bearer(issued(SERENE_TOKEN_KEYS=f"development:{'x' * 32}")), INVALID),
    "foreign issuer": (bearer(issued(SERENE_TOKEN_ISSUER="other")), INVALID),
    "foreign audience": (bearer(issued(SERENE_TOKEN_AUDIENCE="other")), INVALID),
    "unknown key": (bearer(signed(kid="other")), INVALID),
    "tampered": (bearer(changed(role="admin")), INVALID),
    "alg none": (
        bearer(
            changed({"alg": "none", "kid": "development", "typ": "at+jwt"}).rpartition(".")[0] + "."
        ),
        INVALID,
    ),
    "other algorithm": (bearer(signed_by_hs512()), INVALID),
    "other type": (bearer(signed(typ="JWT")), INVALID),
    "unknown role": (bearer(signed(role="root")), INVALID),
    "without expiry": (bearer(signed(leave_out="exp")), INVALID),
    "without subject": (bearer(signed(leave_out="sub")), INVALID),
    "nonsense": (bearer("a.b.c"), INVALID),
    "nested": (
        bearer(base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=") + ".e30.x"),
        INVALID,
    ),
}


@pytest.fixture
def client(service):
    """A client of the service on an empty database."""
    return service.app.test_client()


def path_of(rule: str) -> str:
    """Return a path that the rule matches."""
    return re.sub(
        r"<(?:(\w+):)?(\w+)>", lambda found: UUID if found[1] == "uuid" else found[2], rule
    )


def template_of(rule: str) -> str:
    """Return the rule as a path template of the OpenAPI document."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def routes(app) -> dict[tuple[str, str], object]:
    """Return the access of each method of each rule."""
    return {
        (method, rule.rule): ACCESS.get(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_route_that_is_not_listed_as_public_is_protected(client):
    assert {
        route for route, access in routes(client.application).items() if access is None
    } == PUBLIC


def test_every_protected_route_refuses_every_bad_token(client):
    expected, seen = {}, {}
    for method, rule in sorted(routes(client.application).keys() - PUBLIC):
        path = path_of(rule)
        for kind, (headers, challenge) in BAD.items():
            response = client.open(path, method=method, headers=headers)
            expected[method, rule, kind] = (401, "application/problem+json", challenge)
            seen[method, rule, kind] = (
                response.status_code,
                response.content_type,
                response.headers.get("WWW-Authenticate"),
            )
    assert seen == expected


def test_every_route_for_a_role_refuses_the_others(client):
    seen, expected = {}, {}
    for (method, rule), access in sorted(
        routes(client.application).items(), key=lambda item: item[0]
    ):
        if access is None or not access.roles:
            continue
        for role in set(ROLES) - set(access.roles):
            response = client.open(path_of(rule), method=method, headers=bearer(issued(role)))
            seen[method, rule, role], expected[method, rule, role] = response.status_code, 403
    assert seen == expected


def test_document_has_the_security_of_every_route(client):
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    documented = {
        (method.upper(), path): operation.get("security")
        for path, item in paths.items()
        for method, operation in item.items()
    }
    expected = {
        (method, template_of(rule)): [{"bearer": list(access.roles)}] if access else None
        for (method, rule), access in routes(client.application).items()
    }
    assert documented == expected
    assert all(
        "401" in paths[path][method.lower()]["responses"]
        for (method, path), security in documented.items()
        if security
    )
