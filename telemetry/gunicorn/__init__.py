"""The public door for gunicorn: hooks, worker class, logger class and the longest shutdown.

A gunicorn configuration imports the hooks by name and names the classes:

    from telemetry.gunicorn import child_exit, on_exit, on_reload, on_starting, post_fork, pre_fork

    worker_class = "telemetry.gunicorn.DrainingWorker"
    logger_class = "telemetry.gunicorn.JsonLogger"

The names are resolved when they are asked for. gunicorn's arbiter imports all of them before
anything is monkey-patched, so nothing in this room imports Flask, pymongo or OpenTelemetry.
"""

from typing import TYPE_CHECKING, Final

from telemetry import extras
from telemetry.lazy_names import resolver

if TYPE_CHECKING:
    from telemetry.gunicorn.hooks import (
        child_exit,
        on_exit,
        on_reload,
        on_starting,
        post_fork,
        pre_fork,
    )
    from telemetry.gunicorn.logging import JsonLogger
    from telemetry.gunicorn.worker import DrainingWorker
    from telemetry.server.drain import longest_shutdown_seconds

# Everything below needs gunicorn; without it this is one line that names the extra.
extras.load("gunicorn", "gunicorn", __name__)

__all__ = [
    "DrainingWorker",
    "JsonLogger",
    "child_exit",
    "longest_shutdown_seconds",
    "on_exit",
    "on_reload",
    "on_starting",
    "post_fork",
    "pre_fork",
]

_MODULES: Final = {
    "DrainingWorker": "telemetry.gunicorn.worker",
    "JsonLogger": "telemetry.gunicorn.logging",
    "child_exit": "telemetry.gunicorn.hooks",
    "longest_shutdown_seconds": "telemetry.server.drain",
    "on_exit": "telemetry.gunicorn.hooks",
    "on_reload": "telemetry.gunicorn.hooks",
    "on_starting": "telemetry.gunicorn.hooks",
    "post_fork": "telemetry.gunicorn.hooks",
    "pre_fork": "telemetry.gunicorn.hooks",
}

__getattr__ = resolver(__name__, _MODULES)
