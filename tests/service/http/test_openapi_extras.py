"""Headers of middlewares are in the OpenAPI document only while the middlewares are on."""

from datetime import UTC, datetime

from flask import Flask

from service.http import middleware
from service.http.openapi.document import openapi
from service.http.operation import ResponseSpec, operation
from service.http.settings import HttpSettings

DEPRECATED = {
    "Deprecation": "When the route became deprecated, as a date (RFC 9745).",
    "Sunset": "When the route will be removed (RFC 8594).",
    "Link": "Documentation of it, as `deprecation`.",
}


def documented(**environ: str):
    app = Flask("deprecated", static_folder=None)
    middleware.install(app, HttpSettings.from_env(environ), ["v1"])

    @app.get("/old")
    @middleware.deprecated(
        datetime(2026, 1, 1, tzinfo=UTC),
        sunset=datetime(2027, 1, 1, tzinfo=UTC),
        link="https://serene.example/v2",
    )
    @operation("Old", {200: ResponseSpec("Old.")})
    def old() -> str:
        """An old route."""
        return ""

    found = openapi(app, "1")["paths"]["/old"]["get"]
    headers = found["responses"]["200"]["headers"]
    return found.get("deprecated"), {
        name: one["description"] for name, one in headers.items() if "description" in one
    }


def test_deprecated_route_is_documented_as_deprecated():
    assert documented() == (True, DEPRECATED)


def test_middleware_that_is_off_is_not_documented():
    assert documented(API_VERSIONING="false") == (None, {})
