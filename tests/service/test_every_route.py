"""Every route of the URL map: OPTIONS, HEAD, other methods, odd paths, and the client's Host."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from service.bootstrap import Service
from tests.service.files.calls import upload
from tests.service.members import AUTH, bearer, member, registration, with_role
from tests.service.rooms import has_room

UUID = "7f3b7c0e-6a52-4f0e-9d0e-0c6a3a1f5b11"
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
POSTS = "/api/v1/blog/posts"
POST = {"title": "Naps", "category": "sleep", "body": "*Nap*."}
EVIL = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Port": "99",
    "X-Forwarded-Prefix": "/evil.example",
    "Forwarded": "host=evil.example;proto=gopher",
    "X-Original-URL": "//evil.example",
}
DIFFERS = {"X-Request-ID", "X-Response-Time", "Server-Timing", "Date"}


def path_of(rule: str) -> str:
    """Return a path that the rule matches."""
    return re.sub(
        r"<(?:(\w+):)?(\w+)>", lambda found: UUID if found[1] == "uuid" else found[2], rule
    )


@pytest.fixture
def paths(client: FlaskClient) -> dict[str, set[str]]:
    """The methods of each path of the service."""
    found: dict[str, set[str]] = {}
    for rule in client.application.url_map.iter_rules():
        found.setdefault(path_of(rule.rule), set()).update(rule.methods)
    return found


def counted(registry: CollectorRegistry) -> dict[str, float]:
    """Return the counters of the business."""
    return {
        f"{sample.name}{sample.labels}": sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name.startswith("serene_") and sample.name.endswith("_total")
    }


def test_options_needs_no_account_and_spends_no_limit(client, seeded, paths):
    before = counted(seeded.telemetry.registry)
    for path, methods in paths.items():
        for headers in ({}, bearer("nonsense"), {"Origin": "https://evil.example"}):
            response = client.options(path, headers=headers)
            assert (path, response.status_code, response.data) == (path, 200, b"")
            assert set(response.allow) == methods
            names = {name.lower() for name, _ in response.headers}
            assert not [name for name in names if name.startswith(("access-control", "ratelimit"))]
    assert counted(seeded.telemetry.registry) == before


def test_head_has_the_headers_of_get_and_no_body(client, paths):
    for path in (path for path, methods in paths.items() if "GET" in methods):
        headers = {"Accept-Encoding": "gzip"}
        get, head = client.get(path, headers=headers), client.head(path, headers=headers)
        assert (path, head.status_code, head.data) == (path, get.status_code, b"")
        differs = DIFFERS | ({"Content-Length"} if "/health" in path else set())
        assert {name: value for name, value in head.headers if name not in differs} == {
            name: value for name, value in get.headers if name not in differs
        }


def test_other_methods_are_refused_with_those_that_are_allowed(client, paths):
    for path, methods in paths.items():
        for method in (METHODS - methods) | {"TRACE", "CONNECT", "PROPFIND", "X" * 40}:
            response = client.open(path, method=method)
            assert (path, method, response.status_code) == (path, method, 405)
            assert set(response.allow) == methods
            if method != "HEAD":
                assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("method", sorted(METHODS | {"TRACE"}))
def test_path_that_no_route_has_is_not_found(client, paths, method):
    for path in paths:
        if path != "/":
            assert (path, client.open(f"{path}/", method=method).status_code) == (path, 404)
    for path in ("/nothing", "/api", "/api/v1", "/api/v1/", "/API/v1/health", "/api/v1/health%2F"):
        assert (path, client.open(path, method=method).status_code) == (path, 404)


ODD_VARIABLES = (
    "%00",
    "%ff",
    "%c0%af",
    "%ed%a0%80",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%0d%0aSet-Cookie:x=1",
    "%E2%80%AE",
    "$where",
    "a" * 5000,
    "0" * 400,
    "%25",
    "%",
    "{}",
    "'",
    " ",
    "-1",
    "00000000-0000-0000-0000-00000000000g",
    "%F0%9F%98%80",
)


def test_malformed_variable_of_a_path_is_no_failure(client, seeded):
    admin = with_role(client, seeded, "admin", email="root@serene-mail.com", name="Root")
    rules = {rule.rule: rule.methods for rule in client.application.url_map.iter_rules()}
    seen = {}
    for rule, methods in rules.items():
        for odd in ODD_VARIABLES if "<" in rule else ():
            path = re.sub(r"<(?:\w+:)?\w+>", odd, rule)
            for method in methods - {"OPTIONS"}:
                response = client.open(path, method=method, headers=admin.headers)
                seen[method, path] = response.status_code
    assert {one: status for one, status in seen.items() if not 400 <= status < 500} == {}


def urls_in(value: Any) -> Iterator[str]:
    """Yield the text of each member that is a URL of the service."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "help_lines":  # of other organizations
                continue
            if isinstance(inner, str) and (name.endswith("url") or name in ("next", "instance")):
                yield inner
            yield from urls_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from urls_in(inner)


def assert_no_evil(response: Any) -> None:
    """Assert that no URL of a response comes from the client's Host."""
    links = re.findall(r"<([^>]*)>", response.headers.get("Link", ""))
    urls = [*links, *filter(None, [response.headers.get("Location")])]
    if "json" in (response.content_type or "") and response.data:
        urls += urls_in(response.get_json(force=True))
    assert [url for url in urls if not re.match(r"/(?!/)", url)] == []
    assert "evil.example" not in str(response.headers)
    assert b"evil.example" not in response.data


def test_no_url_is_built_from_the_host_of_a_request(client, seeded, paths):
    admin = with_role(client, seeded, "admin", email="root@serene-mail.com", name="Root")
    for path, methods in paths.items():
        for method in methods:
            for headers in (EVIL, EVIL | admin.headers):
                assert_no_evil(client.open(path, method=method, headers=headers))
    for odd in ("/api//v1/health", "/api/v1/health/", "//evil.example/%2e%2e"):
        response = client.get("/", headers=EVIL, environ_overrides={"PATH_INFO": odd})
        assert response.headers.get("Location") is None


def test_location_and_link_are_relative_whatever_the_host_is(client, seeded: Service):
    assert_no_evil(client.post(f"{AUTH}/register", json=registration(), headers=EVIL))
    ada = member(client, email="lin@serene-mail.com")
    for number in range(2):
        stored = upload(ada, name=f"{number}.png", headers=EVIL)
        assert stored.headers["Location"].startswith("/api/v1/files/")
        assert_no_evil(stored)
    first_page = client.get("/api/v1/files?limit=1", headers=ada.headers | EVIL)
    assert first_page.headers["Link"].startswith("</api/v1/files?")
    assert_no_evil(first_page)
    therapist = with_role(client, seeded, "therapist", email="t@serene-mail.com")
    profile = {
        "name": "Ada",
        "title": "Dr",
        "languages": ["en"],
        "specialties": ["sleep"],
        "price": {"amount": 1, "currency": "eur"},
    }
    saved = client.put("/api/v1/therapists/me", json=profile, headers=therapist.headers | EVIL)
    assert saved.headers["Location"].startswith("/api/v1/therapists/")
    assert_no_evil(saved)
    assert_no_evil(client.get("/api/v1/therapists?limit=1", headers=EVIL))


@pytest.mark.skipif(not has_room("blog"), reason="the room of the blog was deleted")
def test_location_of_a_post_is_relative(client, seeded: Service):
    author = with_role(client, seeded, "author", email="m@serene-mail.com")
    created = client.post(POSTS, json=POST, headers=author.headers | EVIL)
    assert created.headers["Location"] == "/api/v1/blog/drafts/naps"
    assert_no_evil(created)
    assert_no_evil(client.get(f"{POSTS}?limit=1", headers=EVIL))


API_ACCEPTS = {
    "/api/v1/therapists": 406,
    "/api/v1/openapi.json": 406,
    "/api/v1/docs": 406,
    "/": 200,
    "/api/v1/docs/swagger-ui.css": 200,
    "/api/v1/health/liveness": 200,
}


def test_accept_that_cannot_be_met_is_406_but_where_an_answer_is_better(client):
    seen = {path: client.get(path, headers={"Accept": "image/png"}) for path in API_ACCEPTS}
    assert {path: response.status_code for path, response in seen.items()} == API_ACCEPTS
    for response in seen.values():
        if response.status_code == 406:
            assert response.content_type == "application/problem+json"
