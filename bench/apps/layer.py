"""Everything of the telemetry layer; settings come from the environment.

``DrainingWorker`` starts the telemetry itself. For gunicorn's own worker there is
``create_started``.
"""

from flask import Flask

from bench.apps.pages import add_large_page, create_app
from telemetry import Telemetry, slow_after

SLOW_AFTER_SECONDS = 0.05
"""Threshold of ``/slow``."""


def create() -> Flask:
    """Return the app, whose telemetry the worker starts."""
    app = create_app()
    app.view_functions["slow"] = slow_after(SLOW_AFTER_SECONDS)(app.view_functions["slow"])
    Telemetry.from_env(service_name="bench").init_app(app)
    return app


def create_with_large_page() -> Flask:
    """Return the app with ``/large``."""
    app = create()
    add_large_page(app)
    return app


def create_started() -> Flask:
    """Return the app with its telemetry started; in the worker's process, after patching."""
    app = create()
    telemetry = app.extensions["telemetry"]
    telemetry.start()
    telemetry.lifecycle.ready()
    return app
