"""The app as a whole: its routes and their summaries, and requests that no route serves."""

import pytest
from markupsafe import escape
from prometheus_client import REGISTRY

from dashboards.config import HEALTH_ROUTES
from service import metrics as business
from telemetry import names
from tests.service.rooms import is_served

VARY = "Accept, Authorization, Accept-Encoding"
DESCRIPTION = {
    "name": "Serene",
    "about": "The Serene wellbeing API.",
    "version": "1.2.3",
    "links": {
        "docs": "/api/v1/docs",
        "openapi": "/api/v1/openapi.json",
        "posts": "/api/v1/blog/posts",
        "health": "/api/v1/health",
        "liveness": "/api/v1/health/liveness",
        "readiness": "/api/v1/health/readiness",
    },
    "routes": [
        {
            "method": "GET",
            "path": "/",
            "about": "Describe the service",
        },
        {
            "method": "PUT",
            "path": "/api/v1/accounts/<account_id>/role",
            "about": "Set an account's role",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/login",
            "about": "Log in",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/logout",
            "about": "Log out",
        },
        {"method": "GET", "path": "/api/v1/auth/me", "about": "Get the caller's account"},
        {
            "method": "POST",
            "path": "/api/v1/auth/password",
            "about": "Change the password",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/refresh",
            "about": "Refresh tokens",
        },
        {"method": "POST", "path": "/api/v1/auth/register", "about": "Register an account"},
        {
            "method": "GET",
            "path": "/api/v1/blog/drafts",
            "about": "List drafts",
        },
        {
            "method": "GET",
            "path": "/api/v1/blog/drafts/<slug>",
            "about": "Get a draft",
        },
        {
            "method": "GET",
            "path": "/api/v1/blog/posts",
            "about": "List posts",
        },
        {
            "method": "POST",
            "path": "/api/v1/blog/posts",
            "about": "Create a post",
        },
        {
            "method": "GET",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Get a post",
        },
        {
            "method": "PUT",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Replace a post",
        },
        {
            "method": "PATCH",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Update a post",
        },
        {
            "method": "DELETE",
            "path": "/api/v1/blog/posts/<slug>",
            "about": "Delete a post",
        },
        {
            "method": "POST",
            "path": "/api/v1/blog/posts/<slug>/publish",
            "about": "Publish a post",
        },
        {
            "method": "POST",
            "path": "/api/v1/blog/posts/<slug>/unpublish",
            "about": "Unpublish a post",
        },
        {
            "method": "GET",
            "path": "/api/v1/companion/conversations",
            "about": "List conversations",
        },
        {
            "method": "GET",
            "path": "/api/v1/companion/conversations/<conversation_id>",
            "about": "Get a conversation",
        },
        {
            "method": "DELETE",
            "path": "/api/v1/companion/conversations/<conversation_id>",
            "about": "Delete a conversation",
        },
        {
            "method": "POST",
            "path": "/api/v1/companion/messages",
            "about": "Send a message",
        },
        {
            "method": "GET",
            "path": "/api/v1/docs",
            "about": "Open the documentation",
        },
        {
            "method": "GET",
            "path": "/api/v1/docs/<name>",
            "about": "Get an asset of the documentation",
        },
        {
            "method": "POST",
            "path": "/api/v1/files",
            "about": "Upload a file",
        },
        {"method": "GET", "path": "/api/v1/files", "about": "List files"},
        {
            "method": "DELETE",
            "path": "/api/v1/files/<file_id>",
            "about": "Delete a file",
        },
        {"method": "GET", "path": "/api/v1/files/<file_id>", "about": "Get a file"},
        {
            "method": "GET",
            "path": "/api/v1/files/<file_id>/content",
            "about": "Download a file",
        },
        {"method": "GET", "path": "/api/v1/health", "about": "Get the health report"},
        {
            "method": "GET",
            "path": "/api/v1/health/liveness",
            "about": "Check liveness",
        },
        {
            "method": "GET",
            "path": "/api/v1/health/readiness",
            "about": "Check readiness",
        },
        {
            "method": "GET",
            "path": "/api/v1/members/<member_id>/files",
            "about": "List a member's files",
        },
        {"method": "GET", "path": "/api/v1/openapi.json", "about": "Get the OpenAPI document"},
        {
            "method": "POST",
            "path": "/api/v1/payments/webhook",
            "about": "Receive a Stripe event",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions",
            "about": "Book a session",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions",
            "about": "List your sessions",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions/<uuid:session_id>",
            "about": "Get a session",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions/<uuid:session_id>/calendar.ics",
            "about": "Download a session's calendar file",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions/<uuid:session_id>/cancellation",
            "about": "Cancel a session",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions/<uuid:session_id>/payment",
            "about": "Pay for a session",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists",
            "about": "List therapists",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists/<uuid:therapist_id>",
            "about": "Get a therapist",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots",
            "about": "List a therapist's open slots",
        },
        {
            "method": "POST",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots",
            "about": "Open slots",
        },
        {
            "method": "DELETE",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots/<starts_at>",
            "about": "Close an open slot",
        },
        {
            "method": "PUT",
            "path": "/api/v1/therapists/me",
            "about": "Create or replace your therapist profile",
        },
    ],
    "find_a_request": (
        "Every response has X-Request-ID. Without its dashes it is the trace id: search Tempo or the "
        "logs for it. A request that came with a traceparent keeps that trace id and has its own id "
        "as the attribute request.id."
    ),
}
DESCRIPTION["routes"] = [route for route in DESCRIPTION["routes"] if is_served(route["path"])]
DESCRIPTION["links"] = {
    name: url for name, url in DESCRIPTION["links"].items() if is_served(f"{url}/")
}


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "application/json", "application/json;q=0.9, text/html;q=0.5", "image/png"],
)
def test_root_describes_the_service_as_json(client, accept):
    response = client.get("/", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.content_type, response.headers["Vary"]) == (
        200,
        "application/json",
        VARY,
    )
    assert response.get_json() == DESCRIPTION


def test_root_describes_the_service_as_a_page(client):
    response = client.get(
        "/", headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    )
    assert (response.status_code, response.content_type, response.headers["Vary"]) == (
        200,
        "text/html; charset=utf-8",
        VARY,
    )
    shown = response.get_data(as_text=True)
    missing = [
        route["about"] for route in DESCRIPTION["routes"] if escape(route["about"]) not in shown
    ]
    missing += [url for url in DESCRIPTION["links"].values() if f'href="{url}"' not in shown]
    assert missing == []
    assert "/api/v1/docs/&lt;name&gt;" in shown


def test_every_link_of_the_root_is_served(client, connected, telemetry):
    telemetry.lifecycle.ready()
    assert {
        url: client.get(url).status_code for url in DESCRIPTION["links"].values()
    } == dict.fromkeys(DESCRIPTION["links"].values(), 200)


@pytest.mark.parametrize(
    ("verdict", "route"), [("report", ""), ("liveness", "/liveness"), ("readiness", "/readiness")]
)
@pytest.mark.parametrize("draining", [False, True])
def test_health_route_responds_with_the_verdict_and_is_never_cached(
    client, connected, telemetry, verdict, route, draining
):
    if draining:
        telemetry.lifecycle.drain("SIGTERM")
    expected = getattr(telemetry.health, verdict)()
    response = client.get(f"/api/v1/health{route}")

    assert (response.status_code, response.headers["Cache-Control"]) == (
        expected.status,
        "no-store",
    )
    assert response.status_code == (503 if draining and verdict != "liveness" else 200)
    moving = {
        "timestamp",
        "uptime",
        "responseTime",
        "avgResponseTime",
        "services",
        "evidence",
        "sla",
        "process",
        "system",
    }
    body = response.get_json()
    assert body.keys() == expected.body.keys()
    assert {name: value for name, value in body.items() if name not in moving} == {
        name: value for name, value in expected.body.items() if name not in moving
    }


def test_app_has_exactly_the_expected_routes(client):
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert rules == {route["path"] for route in DESCRIPTION["routes"]}
    assert rules >= set(HEALTH_ROUTES)


def test_exporter_adds_no_metric_of_its_own(client, telemetry):
    client.get("/")
    ours = {metric.name.removesuffix("_total") for metric in (*names.ALL, *business.ALL)}
    collectors = ("process_", "python_", "target")
    families = {family.name for family in telemetry.registry.collect()}
    assert {
        family for family in families if family not in ours and not family.startswith(collectors)
    } == set()
    assert not any(name.startswith("flask") for name in REGISTRY._names_to_collectors)


@pytest.mark.parametrize(
    ("method", "path", "status", "title", "allow"),
    [
        ("GET", "/nowhere", 404, "Not Found", None),
        ("GET", "/api/v1/therapists/", 404, "Not Found", None),
        ("GET", "/metrics", 404, "Not Found", None),
        (
            "DELETE",
            "/api/v1/sessions",
            405,
            "Method Not Allowed",
            {"GET", "HEAD", "OPTIONS", "POST"},
        ),
        ("FOOBAR", "/api/v1/health", 405, "Method Not Allowed", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_request_without_a_route_is_a_problem_with_its_id(
    client, method, path, status, title, allow
):
    response = client.open(path, method=method)
    body = response.get_json(force=True)
    expected = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "instance": path,
        "request_id": response.headers["X-Request-ID"],
    }

    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert body == expected | {"detail": body["detail"]}
    assert (set(response.headers["Allow"].split(", ")) if allow else None) == allow
