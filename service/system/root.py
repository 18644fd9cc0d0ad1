"""``GET /``: a description of the service with links, as a page or as JSON.

The routes are the app's own URL map with each view's summary, so they match what is served.
"""

from functools import cache
from typing import Any, Final

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from pydantic import BaseModel, Field

from service.http import middleware
from service.http.accepts import best_type
from service.http.operation import ResponseSpec, any_accept, operation, texts_of
from telemetry import names

TAG: Final = "Root"
LINKS: Final = {
    "docs": "documentation.page",
    "openapi": "documentation.document",
    "posts": "blog.list_posts",
    "health": "health.report",
    "liveness": "health.liveness",
    "readiness": "health.readiness",
}
"""Endpoint of each link; a link whose room was deleted is left out."""

FIND_A_REQUEST = (
    f"Every response has {names.REQUEST_ID_HEADER}. Without its dashes it is the trace id: search "
    "Tempo or the logs for it. A request that came with a traceparent keeps that trace id and has "
    "its own id as the attribute request.id."
)


class Route(BaseModel):
    """One rule of the URL map."""

    method: str
    path: str
    about: str


class Description(BaseModel):
    """Description of the service."""

    name: str
    about: str
    version: str
    links: dict[str, str] = Field(description="URLs of entry points, by name.")
    routes: list[Route]
    find_a_request: str


MEDIA_TYPES: Final = ("application/json", "text/html")
RESPONSES: Final = {
    200: ResponseSpec(
        "The description.", Description, media_types=MEDIA_TYPES, headers={"Vary": "Accept."}
    )
}


def _routes(app: Flask) -> list[dict[str, str]]:
    return [
        {
            "method": ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})),
            "path": rule.rule,
            "about": texts_of(app.view_functions[rule.endpoint])[0],
        }
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    ]


def _description(version: str, routes: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "name": "Serene",
        "about": "The Serene wellbeing API.",
        "version": version,
        "links": {
            name: url_for(endpoint)
            for name, endpoint in LINKS.items()
            if endpoint in current_app.view_functions
        },
        "routes": routes,
        "find_a_request": FIND_A_REQUEST,
    }


def blueprint(version: str) -> Blueprint:
    """Return the root route.

    Args:
        version: Version of the service.
    """
    routes = Blueprint("root", __name__, template_folder="templates")

    @cache  # the routes are complete once requests are served
    def served() -> list[dict[str, str]]:
        return _routes(current_app)

    @routes.get("/")
    @middleware.public(max_age_seconds=300, stale_if_error_seconds=86400)
    @operation(TAG, RESPONSES)
    @any_accept
    def root() -> Response:
        """Describe the service.

        Returns HTML or JSON by the `Accept` header, with links and all routes; JSON when it allows
        neither.
        """
        description = _description(version, served())
        if best_type(request.headers.get("Accept", ""), MEDIA_TYPES) == "text/html":
            response = make_response(render_template("root.html", **description))
        else:
            response = jsonify(description)
        response.headers["Vary"] = "Accept"
        return response

    return routes
