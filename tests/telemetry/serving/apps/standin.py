"""The parts of a telemetry that serving touches, without database, management endpoint and hub watch."""

import os

from telemetry import propagation
from telemetry.arrival import Arrivals
from telemetry.config import TelemetryConfig
from telemetry.flask import RequestLayer, install
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.logs import Logs
from telemetry.metrics import Metrics
from telemetry.recorder import Recorder
from telemetry.tracing import Tracing, WsgiServerSpans


class NoEndpoint:
    def stop(self):
        """Nothing listens."""


class Telemetry:
    """Real parts, each as the whole has it."""

    def __init__(self, config):
        self.config = config
        self.metrics = Metrics()
        self.guard = Guard(strict=True, on_error=print)
        self.lifecycle = Lifecycle(self.metrics)
        self.recorder = Recorder(self.guard)
        self.logs = Logs(config, self.metrics, self.guard)
        self.tracing = Tracing(config, self.metrics, self.guard)
        self.spans = WsgiServerSpans(self.tracing, config)
        self.recorder.add_sink("span", self.spans.close)
        self.recorder.add_sink("log", self.logs.requests)
        self.management = NoEndpoint()

    @classmethod
    def from_env(cls):
        return cls(TelemetryConfig.from_env(os.environ))

    def init_app(self, app):
        layer = RequestLayer(
            app.wsgi_app,
            arrivals=Arrivals(self.config),
            recorder=self.recorder,
            spans=self.spans,
            lifecycle=self.lifecycle,
            guard=self.guard,
            api_version="v1",
        )
        install(app, layer)
        app.extensions["telemetry"] = self

    def start(self):
        self.logs.install()
        self.logs.writer.start()
        propagation.install()
        self.tracing.start()

    def shutdown(self):
        delivered = self.tracing.shutdown()
        self.logs.writer.stop()
        return delivered
