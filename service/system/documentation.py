"""The OpenAPI document, and Swagger UI to read and try it.

The page loads nothing from other hosts: Swagger UI is vendored in
``service/system/static/swagger-ui``.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    current_app,
    json,
    render_template,
    send_from_directory,
    url_for,
)
from werkzeug.exceptions import NotFound

from service import rate_limits
from service.http import middleware
from service.http.openapi.document import openapi
from service.http.operation import ResponseSpec, any_accept, operation

FOLDER: Final = Path(__file__).parent / "static" / "swagger-ui"
ASSETS: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
# Swagger UI sets styles of elements by script and has icons as data URLs.
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'"
)
START: Final = "start.js"
TAG: Final = "Documentation"
ASSET: Final = {
    200: ResponseSpec("A script or a style.", media_types=("text/css", "text/javascript")),
    304: ResponseSpec("Not modified.", media_types=()),
}


def blueprint(version: str) -> Blueprint:
    """Return the routes of the documentation.

    Args:
        version: Version of the service.
    """
    routes = Blueprint("documentation", __name__, url_prefix="/api/v1", template_folder="templates")
    _add_document(routes, version)
    _add_page(routes)
    return routes


def _add_document(routes: Blueprint, version: str) -> None:
    @cache  # the routes are complete once requests are served
    def encoded() -> bytes:
        return json.dumps(openapi(current_app, version)).encode()

    @routes.get("/openapi.json")
    @rate_limits.unlimited
    @middleware.public(max_age_seconds=300, stale_if_error_seconds=86400)
    @operation(TAG, {200: ResponseSpec("The document, in OpenAPI 3.1.")})
    def document() -> Response:
        """Get the OpenAPI document."""
        return Response(encoded(), mimetype="application/json")


def _add_page(routes: Blueprint) -> None:
    @routes.get("/docs")
    @rate_limits.unlimited
    @middleware.public(max_age_seconds=300, stale_if_error_seconds=86400)
    @operation(TAG, {200: ResponseSpec("The page.", media_types=("text/html",))})
    def page() -> Response:
        """Open the documentation.

        A page of Swagger UI, to read and try the API.
        """
        response = Response(render_template("docs.html"), mimetype="text/html")
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        return response

    @routes.get("/docs/<name>")
    @rate_limits.unlimited
    @operation(TAG, ASSET, problems=(404,), path={"name": "Name of the file."})
    @any_accept
    def asset(name: str) -> Any:
        """Get an asset of the documentation."""
        if name == START:
            url = json.dumps(url_for("documentation.document"))
            start = f'SwaggerUIBundle({{url: {url}, dom_id: "#docs", deepLinking: true}});'
            return Response(start, mimetype="text/javascript")
        if name not in ASSETS:
            raise NotFound
        # The middleware compares its validators; ranges of it are of no use.
        return send_from_directory(
            FOLDER, name, mimetype=ASSETS[name], max_age=86400, conditional=False
        )
