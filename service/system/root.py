"""``GET /``: what this is and where to look, for people and for programs.

The list of routes is the app's own URL map with each view's first line, so it cannot drift from
what is served.
"""

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
from service.http.operation import ResponseSpec, operation, texts_of
from telemetry import names

TAG: Final = "Root"

FIND_A_REQUEST = (
    f"Every response carries {names.REQUEST_ID_HEADER}. Without its dashes it is the trace id: search Tempo for it, or the logs. "
    "A request that came with a traceparent keeps that trace id and has its own as the attribute request.id."
)


class Route(BaseModel):
    """One rule of the URL map."""

    method: str
    path: str
    about: str


class Description(BaseModel):
    """What Serene is and where to look."""

    name: str
    about: str
    version: str
    links: dict[str, str] = Field(description="Where to begin, by name.")
    routes: list[Route]
    find_a_request: str


FOR_BOTH: Final = ("application/json", "text/html")
ANSWERS: Final = {
    200: ResponseSpec(
        "A description.", Description, media_types=FOR_BOTH, headers={"Vary": "Accept."}
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


def _description(version: str) -> dict[str, Any]:
    return {
        "name": "Serene",
        "about": "The Serene wellbeing API.",
        "version": version,
        "links": {
            "docs": url_for("documentation.page"),
            "openapi": url_for("documentation.document"),
            "posts": url_for("blog.list_posts"),
            "health": url_for("health.report"),
            "liveness": url_for("health.liveness"),
            "readiness": url_for("health.readiness"),
        },
        "routes": _routes(current_app),
        "find_a_request": FIND_A_REQUEST,
    }


def blueprint(version: str) -> Blueprint:
    """The root route.

    Args:
        version: Of the service, as its telemetry tells it.
    """
    routes = Blueprint("root", __name__, template_folder="templates")

    @routes.get("/")
    @middleware.public(max_age_seconds=300)
    @operation(TAG, ANSWERS)
    def root() -> Response:
        """This page: what Serene is and where to look; HTML or JSON by Accept."""
        description = _description(version)
        if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
            response = make_response(render_template("root.html", **description))
        else:
            response = jsonify(description)
        response.headers["Vary"] = "Accept"
        return response

    return routes
