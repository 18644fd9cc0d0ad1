"""The three health routes of a Flask app.

For a service that has no reason to write its own. What they return is ``telemetry.health``'s; no
route here waits for anything.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask

from telemetry.health import Health, Verdict

View = Callable[[], tuple[dict[str, Any], int, dict[str, str]]]


def add_health_routes(app: Flask, health: Health) -> None:
    """Add the routes at ``health.paths``.

    Args:
        app: Its endpoints for them are the paths, without the first slash and with underscores.
        health: Health of this worker.
    """
    for path, verdict in health.routes(health.paths.report).items():
        app.add_url_rule(path, path.strip("/").replace("/", "_").replace(".", "_"), _view(verdict))


def _view(verdict: Callable[[], Verdict]) -> View:
    def view() -> tuple[dict[str, Any], int, dict[str, str]]:
        found = verdict()
        return found.body, found.status, {"Cache-Control": "no-store"}

    return view
