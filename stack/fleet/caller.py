"""The fleet's second service: it calls the API for each of its own requests, observed by the layer.

``python -m stack.fleet.caller``; the API's URL and its own port are in the environment.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402
from urllib.request import Request, urlopen  # noqa: E402

from flask import Flask  # noqa: E402

from telemetry import Telemetry  # noqa: E402
from telemetry.standalone import serve  # noqa: E402

POSTS = "/api/v1/blog/posts"
_SECONDS = 10.0


def create(telemetry: Telemetry, api: str) -> Flask:
    """Return the app.

    Args:
        telemetry: Observes it.
        api: URL of the API, without path.
    """
    app = Flask("caller")

    @app.get("/ready")
    def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.get("/posts")
    def posts() -> tuple[dict[str, int], int]:
        """Call the API once; its status is in the body."""
        with (
            telemetry.http_client.http("GET", f"{api}{POSTS}", template=POSTS) as call,
            urlopen(Request(f"{api}{POSTS}", headers=call.headers), timeout=_SECONDS) as response,
        ):
            call.answered(response.status)
            response.read()
            return {"status": response.status}, 200

    telemetry.init_app(app)
    return app


def main() -> int:
    """Serve until SIGTERM; returns the exit code."""
    telemetry = Telemetry.from_env()
    app = create(telemetry, os.environ["FLEET_API"])
    return serve(app, telemetry, "0.0.0.0", int(os.environ["FLEET_PORT"]))  # noqa: S104


if __name__ == "__main__":
    sys.exit(main())
