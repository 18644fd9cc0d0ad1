"""The API's description of itself: the OpenAPI document, and a page to read and try it that loads
nothing from elsewhere.

The page's script and style are Swagger UI's own, vendored in ``service/system/static/swagger-ui``.
"""

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
from service.http.operation import ResponseSpec, operation

FOLDER: Final = Path(__file__).parent / "static" / "swagger-ui"
ASSETS: Final = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
# Swagger UI sets styles of elements by script and has its icons as data.
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'"
)
START: Final = "start.js"
TAG: Final = "Documentation"


def blueprint(version: str) -> Blueprint:
    """The routes of the documentation.

    Args:
        version: Of the service.
    """
    routes = Blueprint("documentation", __name__, url_prefix="/api/v1", template_folder="templates")
    written: list[bytes] = []

    @routes.get("/openapi.json")
    @rate_limits.unlimited
    @middleware.public(max_age_seconds=300)
    @operation(TAG, {200: ResponseSpec("OpenAPI 3.1.")})
    def document() -> Response:
        """This API in OpenAPI 3.1."""
        if not written:  # the routes are complete once requests are served
            written.append(json.dumps(openapi(current_app, version)).encode())
        return Response(written[0], mimetype="application/json")

    @routes.get("/docs")
    @rate_limits.unlimited
    @middleware.public(max_age_seconds=300)
    @operation(TAG, {200: ResponseSpec("A page.", media_types=("text/html",))})
    def page() -> Response:
        """This API as a page to read and to try."""
        response = Response(render_template("docs.html"), mimetype="text/html")
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        return response

    @routes.get("/docs/<name>")
    @rate_limits.unlimited
    @operation(
        TAG,
        {
            200: ResponseSpec("A script or a style.", media_types=("text/css", "text/javascript")),
            304: ResponseSpec("As it was.", media_types=()),
        },
        problems=(404,),
        path={"name": "Name of the file."},
    )
    def asset(name: str) -> Any:
        """What the page is made of."""
        if name == START:
            url = json.dumps(url_for("documentation.document"))
            start = f'SwaggerUIBundle({{url: {url}, dom_id: "#docs", deepLinking: true}});'
            return Response(start, mimetype="text/javascript")
        if name not in ASSETS:
            raise NotFound
        return send_from_directory(FOLDER, name, mimetype=ASSETS[name], max_age=86400)

    return routes
