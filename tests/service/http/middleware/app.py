"""A small app with the API's middlewares.

It runs in the tests' own process, and under gunicorn as
``tests.service.http.middleware.app:served()``.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Flask, Response, request

from service.http import middleware, problems
from service.http.conditions import add_validators
from service.http.preconditions import EntityTag, Validators
from service.http.settings import HttpSettings
from telemetry import Telemetry

TEXT = "It is calm here, and there is much of it. " * 50
BODY_LIMIT = 1000
UPLOAD_LIMIT = 200_000
SINCE, SUNSET = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def readable(app: Flask) -> None:
    """One route for each kind of response that a middleware treats differently."""

    @app.get("/api/v1/posts")
    @middleware.public(max_age_seconds=60, stale_while_revalidate_seconds=300)
    def posts() -> dict[str, str]:
        return {"text": TEXT}

    @app.get("/api/v1/mine")
    @middleware.private(max_age_seconds=0)
    def mine() -> dict[str, str]:
        return {"of": request.headers.get("Authorization", "")}

    @app.get("/api/v1/own-headers")
    def own_headers() -> Response:
        return Response(
            "own headers",
            headers={"Cache-Control": "no-cache", "Content-Security-Policy": "default-src 'self'"},
        )

    @app.get("/api/v1/small")
    def small() -> str:
        return "x" * 1023

    @app.get("/api/v1/page")
    def page() -> str:
        return "<p>" + TEXT

    @app.get("/api/v1/no-content")
    def no_content() -> Response:
        return Response(status=204)

    @app.get("/api/v1/image")
    def image() -> Response:
        return Response(TEXT.encode(), mimetype="image/png")

    @app.get("/api/v1/events")
    @middleware.public(max_age_seconds=60)
    def events() -> Response:
        def stream() -> Iterator[str]:
            yield from (f"data: {TEXT}\n\n" for _ in range(3))

        return Response(stream(), mimetype="text/event-stream")

    @middleware.deprecated(SINCE, sunset=SUNSET, link="https://serene.example/v2")
    @app.get("/api/v1/old")
    def old() -> str:
        return "old"


def tagged(app: Flask) -> None:
    """Routes with validators of their own."""

    @app.get("/api/v1/strong")
    def strong() -> Response:
        response = Response(TEXT, mimetype="text/plain")
        return add_validators(response, Validators(EntityTag("state"), SINCE))

    @app.get("/api/v1/dated")
    def dated() -> Response:
        return add_validators(Response("dated"), Validators(None, SINCE))


def writable(app: Flask) -> None:
    """Routes that take bodies: whole, in parts, and not at all."""

    @app.post("/api/v1/json")
    def take() -> dict[str, int]:
        return {"got": len(request.get_data())}

    @app.route("/api/v1/json", methods=["PUT", "PATCH", "DELETE"])
    def change() -> dict[str, int]:
        return {"got": len(request.get_data())}

    @app.post("/api/v1/upload")
    @middleware.body_at_most(UPLOAD_LIMIT)
    def upload() -> dict[str, str]:
        digest, size = hashlib.sha256(), 0
        while chunk := request.stream.read(8192):
            digest.update(chunk)
            size += len(chunk)
        return {"got": f"{size} {digest.hexdigest()}"}

    @app.post("/api/v1/blind")
    def blind() -> str:
        return "did not read the body"


def served(**environ: str) -> Flask:
    """The app, behind telemetry's layer."""
    settings = {**os.environ, "REQUEST_BODY_LIMIT_BYTES": str(BODY_LIMIT), **environ}
    telemetry = Telemetry.from_env(settings)
    app = Flask("middlewares")
    problems.install(app)
    middleware.install(
        app, HttpSettings.from_env(settings), telemetry.config.api_supported_versions
    )
    readable(app)
    tagged(app)
    writable(app)
    telemetry.init_app(app)
    return app
