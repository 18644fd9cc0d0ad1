"""The app as a whole: its routes and their summaries, and requests that no route serves."""

import pytest
from markupsafe import escape
from prometheus_client import REGISTRY

from service import metrics as business
from service.objectives import HEALTH_ROUTES
from telemetry import names
from tests.service.expected_routes import ROUTES
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
    "routes": ROUTES,
    "find_a_request": (
        "Every response has X-Request-ID. Without its dashes it is the trace id: search Tempo or "
        "the logs for it. A request that came with a traceparent keeps that trace id and has its "
        "own id as the attribute request.id."
    ),
}
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
    missing = [route["about"] for route in ROUTES if escape(route["about"]) not in shown]
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
    assert rules == {route["path"] for route in ROUTES}
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
