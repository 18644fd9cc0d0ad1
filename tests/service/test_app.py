"""The app as a whole: its routes, what they say of themselves, and what it does with requests for
nothing.
"""

import pytest
from markupsafe import escape
from prometheus_client import REGISTRY

from dashboards.config import HEALTH_ROUTES
from service import metrics as business
from telemetry import names

VARY = "Accept, Authorization, Accept-Encoding"
HEALTH = "All that is known of this worker; 503 when a part it needs is not up."
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
            "about": "This page: what Serene is and where to look; HTML or JSON by Accept.",
        },
        {
            "method": "PUT",
            "path": "/api/v1/accounts/<account_id>/role",
            "about": "Gives an account a role.",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/login",
            "about": "Tokens for an e-mail and its password.",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/logout",
            "about": "Ends the login of a refresh token; also one that has ended.",
        },
        {"method": "GET", "path": "/api/v1/auth/me", "about": "The account of the caller."},
        {
            "method": "POST",
            "path": "/api/v1/auth/password",
            "about": "A new password. Every login ends, and the answer holds the tokens of a new one.",
        },
        {
            "method": "POST",
            "path": "/api/v1/auth/refresh",
            "about": "New tokens for a refresh token, which is good once: used again, it ends the login.",
        },
        {"method": "POST", "path": "/api/v1/auth/register", "about": "A new account, of a member."},
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
            "about": "This API as a page to read and to try.",
        },
        {"method": "GET", "path": "/api/v1/docs/<name>", "about": "What the page is made of."},
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
        {"method": "GET", "path": "/api/v1/health", "about": HEALTH},
        {
            "method": "GET",
            "path": "/api/v1/health/liveness",
            "about": "200 while the process runs, whatever it depends on.",
        },
        {
            "method": "GET",
            "path": "/api/v1/health/readiness",
            "about": "Whether to send traffic here; 503 with the reasons why not.",
        },
        {
            "method": "GET",
            "path": "/api/v1/members/<member_id>/files",
            "about": "List a member's files",
        },
        {"method": "GET", "path": "/api/v1/openapi.json", "about": "This API in OpenAPI 3.1."},
        {
            "method": "POST",
            "path": "/api/v1/payments/webhook",
            "about": "Receive a Stripe event.",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions",
            "about": "Book a session.",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions",
            "about": "List your sessions.",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions/<uuid:session_id>",
            "about": "Get a session.",
        },
        {
            "method": "GET",
            "path": "/api/v1/sessions/<uuid:session_id>/calendar.ics",
            "about": "Download a session's calendar file.",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions/<uuid:session_id>/cancellation",
            "about": "Cancel a session.",
        },
        {
            "method": "POST",
            "path": "/api/v1/sessions/<uuid:session_id>/payment",
            "about": "Pay for a session.",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists",
            "about": "List therapists.",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists/<uuid:therapist_id>",
            "about": "Get a therapist.",
        },
        {
            "method": "GET",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots",
            "about": "List a therapist's open slots.",
        },
        {
            "method": "POST",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots",
            "about": "Open slots.",
        },
        {
            "method": "DELETE",
            "path": "/api/v1/therapists/<uuid:therapist_id>/slots/<starts_at>",
            "about": "Close an open slot.",
        },
        {
            "method": "PUT",
            "path": "/api/v1/therapists/me",
            "about": "Create or replace your therapist profile.",
        },
    ],
    "find_a_request": (
        "Every response carries X-Request-ID. Without its dashes it is the trace id: search Tempo for it, or the logs. "
        "A request that came with a traceparent keeps that trace id and has its own as the attribute request.id."
    ),
}


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "application/json", "application/json;q=0.9, text/html;q=0.5", "image/png"],
)
def test_the_root_tells_programs_where_to_look(client, accept):
    response = client.get("/", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.content_type, response.headers["Vary"]) == (
        200,
        "application/json",
        VARY,
    )
    assert response.get_json() == DESCRIPTION


def test_the_root_tells_people_the_same_as_a_page(client):
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
    assert "/api/v1/blog/posts/&lt;slug&gt;" in shown


def test_every_link_of_the_root_is_answered(client, connected, telemetry):
    telemetry.lifecycle.ready()
    assert {
        url: client.get(url).status_code for url in DESCRIPTION["links"].values()
    } == dict.fromkeys(DESCRIPTION["links"].values(), 200)


@pytest.mark.parametrize(
    ("verdict", "route"), [("report", ""), ("liveness", "/liveness"), ("readiness", "/readiness")]
)
@pytest.mark.parametrize("draining", [False, True])
def test_a_health_route_answers_as_health_does_and_is_never_cached(
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


def test_no_route_exists_that_nobody_wrote(client):
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert rules == {route["path"] for route in DESCRIPTION["routes"]}
    assert rules >= set(HEALTH_ROUTES)


def test_the_exporter_adds_no_metric_of_its_own(client, telemetry):
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
        ("GET", "/api/v1/blog/posts/", 404, "Not Found", None),
        ("GET", "/metrics", 404, "Not Found", None),
        (
            "DELETE",
            "/api/v1/blog/posts",
            405,
            "Method Not Allowed",
            {"GET", "HEAD", "OPTIONS", "POST"},
        ),
        ("FOOBAR", "/api/v1/health", 405, "Method Not Allowed", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_request_for_nothing_is_a_problem_that_names_itself(
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
