"""What middlewares add to a route is in the OpenAPI document, and only while they are switched on."""

from datetime import UTC, datetime

from flask import Flask

from service.http import middleware
from service.http.openapi.document import openapi
from service.http.operation import ResponseSpec, operation
from service.http.settings import HttpSettings

DEPRECATED = {
    "Deprecation": "Since when, as a structured date (RFC 9745).",
    "Sunset": "When it will be gone (RFC 8594).",
    "Link": "What to read of it, as `deprecation`.",
}


def told(**environ: str):
    app = Flask("noted", static_folder=None)
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

    operation_told = openapi(app, "1")["paths"]["/old"]["get"]
    headers = operation_told["responses"]["200"]["headers"]
    return operation_told.get("deprecated"), {
        name: one["description"] for name, one in headers.items() if "description" in one
    }


def test_a_deprecated_route_is_told_to_be_that():
    assert told() == (True, DEPRECATED)


def test_nothing_is_told_of_what_is_switched_off():
    assert told(API_VERSIONING="false") == (None, {})
