"""Nothing but Flask on ``DrainingWorker``: what the worker alone costs."""

import os

from flask import Flask

from bench.apps.pages import create_app
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics


class Unobserved:
    """Stands in for ``Telemetry``: it has what the worker reads of it, and observes no request."""

    in_flight = ()

    def __init__(self) -> None:
        self.config = TelemetryConfig.from_env(os.environ)
        self.metrics = Metrics()
        self.guard = Guard(strict=False, on_error=lambda _: None)
        self.lifecycle = Lifecycle(self.metrics)
        self.recorder = self
        self.management = self

    def on_start(self, callback: object) -> None:
        """Ignore a callback; nothing starts."""

    def start(self) -> None:
        """Start nothing."""

    def stop(self) -> None:
        """Stop nothing."""

    def shutdown(self) -> bool:
        """Flush nothing; returns that nothing was lost."""
        return True


def create() -> Flask:
    """Return the app."""
    app = create_app()
    app.extensions["telemetry"] = Unobserved()
    return app
