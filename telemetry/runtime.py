"""``Telemetry``: everything that one worker needs to explain itself, built once and in order.

Building has no effect outside of the object; ``start`` is called after the fork, when the hub
exists, and ``shutdown`` before the exit.
"""

import gc
import os
from collections.abc import Callable, Mapping
from typing import Any, Self

import gevent
from flask import Flask
from prometheus_client import CollectorRegistry

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.health import DEFAULT_PREFIX, Health
from telemetry.health_routes import add_health_routes
from telemetry.http_client import Outgoing
from telemetry.hub import HubWatch
from telemetry.lifecycle import Lifecycle
from telemetry.logs import Logs
from telemetry.management import Management
from telemetry.metrics import Metrics
from telemetry.mongo import MongoTelemetry
from telemetry.process import ProcessSampler
from telemetry.requests import inheritance
from telemetry.requests.cpu_time import CpuPhase
from telemetry.requests.parsing import Arrivals
from telemetry.requests.record import ABORTED, RequestRecord
from telemetry.requests.recorder import Recorder, RequestMetrics
from telemetry.requests.slow import SlowRequests
from telemetry.tracing import (
    SEMCONV_OPT_IN,
    InstrumentationFlaskServerSpans,
    ServerSpans,
    Tracing,
    WsgiServerSpans,
)
from telemetry.wsgi import RequestLayer, install

Callback = Callable[[], object]


class Telemetry:
    """The telemetry of one worker process.

    Args:
        config: How it observes itself.
        registry: Where its metrics live; a new one when not given.
    """

    def __init__(self, config: TelemetryConfig, registry: CollectorRegistry | None = None) -> None:
        os.environ.setdefault(
            *SEMCONV_OPT_IN
        )  # instrumentations read it from there, once a process
        self.config = config
        self.metrics = Metrics(registry)
        self.metrics.describe_target(config)
        errors = self.metrics.counter(names.TELEMETRY_ERRORS)
        self.guard = Guard(strict=config.strict, on_error=lambda where: errors.labels(where).inc())
        self.lifecycle = Lifecycle(self.metrics)
        self.tracing = Tracing(config, self.metrics, self.guard)
        self.health = Health(config, self.metrics, self.lifecycle)
        self.logs = Logs(config, self.metrics, self.guard)
        self.mongo = MongoTelemetry(config, self.metrics, self.guard, self.tracing.provider)
        self.http_client = Outgoing(config, self.tracing, self.guard)
        self.process = ProcessSampler(self.metrics)
        self.recorder = Recorder(self.guard)
        self.cpu = CpuPhase()
        self.hub = HubWatch(self.metrics, self.guard, lambda: self.recorder.in_flight)
        self.management = Management(
            config,
            self.metrics,
            self.guard,
            health_verdicts=self.health.routes(DEFAULT_PREFIX)
            | self.health.routes(config.health_prefix),
            in_flight=lambda: self.recorder.in_flight,
            greenlets=self.hub.greenlets,
        )
        self.spans: ServerSpans = self._server_spans()
        self._connect_sinks()
        self._on_start: list[Callback] = []
        self._on_shutdown: list[Callback] = []
        self._sampler: gevent.Greenlet[..., None] | None = None
        self._started = False

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Build from environment variables.

        Args:
            environ: Variables by name; the process's own when not given.

        Returns:
            A telemetry that has not been started.

        Raises:
            SettingError: A variable cannot be used; the text is one line.
        """
        return cls(TelemetryConfig.from_env(os.environ if environ is None else environ))

    @property
    def registry(self) -> CollectorRegistry:
        """The one registry of this worker."""
        return self.metrics.registry

    def init_app(self, app: Flask) -> None:
        """Observe every request of a Flask app.

        Args:
            app: Not yet served. It becomes findable as ``app.extensions["telemetry"]``.
        """
        if isinstance(self.spans, InstrumentationFlaskServerSpans):
            self.spans.install(app)
        layer = RequestLayer(
            app.wsgi_app,
            arrivals=Arrivals(self.config),
            recorder=self.recorder,
            spans=self.spans,
            lifecycle=self.lifecycle,
            guard=self.guard,
            config=self.config,
        )
        install(app, layer)
        app.extensions["telemetry"] = self

    def add_health_routes(self, app: Flask) -> None:
        """Serve health on a Flask app too, below ``TELEMETRY_HEALTH_PREFIX``.

        Args:
            app: It must not have routes at these paths yet.
        """
        add_health_routes(app, self.health)

    def mongo_listeners(self) -> list[Any]:
        """The listeners to hand to ``pymongo.MongoClient(event_listeners=…)``."""
        return self.mongo.listeners()

    def watch_mongo(self, client: Any) -> None:
        """Look at the database of ``client`` in the background from ``start`` on; health depends on
        what is seen.
        """
        self.health.expect_database(why_down=lambda: self.mongo.last_error)
        self.on_start(lambda: self.mongo.watch(client))

    def on_start(self, callback: Callback) -> None:
        """Call ``callback`` in each worker once everything else has started."""
        self._on_start.append(callback)

    def on_shutdown(self, callback: Callback) -> None:
        """Call ``callback`` when the last request is answered, before spans and logs are flushed;
        last added, first called.
        """
        self._on_shutdown.append(callback)

    def start(self) -> None:
        """Start what runs in the background; in the worker's process, from its main greenlet.

        Raises:
            SettingError: The management port cannot be used; the text is one line.
        """
        if self._started:
            return
        self._started = True
        self.management.start()
        self.logs.install()
        self.logs.writer.start()
        inheritance.install()
        if self.config.cpu_phase:
            self.cpu.install()
        self.tracing.start()
        self.hub.start()
        self._sampler = gevent.spawn(self._sample_forever)
        for callback in self._on_start:
            callback()
        # What exists now lives as long as the process: a full collection during a scrape stopped
        # the hub for 30-45 ms without this.
        gc.collect()
        gc.freeze()

    def shutdown(self) -> bool:
        """End the background work: callbacks, then spans, then logs, within about three seconds.

        Returns:
            Whether every span was delivered.
        """
        for callback in reversed(self._on_shutdown):
            with self.guard.at("shutdown.callback"):
                callback()
        self.mongo.stop()
        if self._sampler is not None:
            self._sampler.kill()
        self.hub.stop()
        delivered = self.tracing.shutdown()
        self.management.stop()
        self.logs.writer.stop()
        return delivered

    def _sample_forever(self) -> None:
        while True:
            with self.guard.at("sampler"):
                self.process.sample()
                self.health.sample()
            gevent.sleep(self.config.health_interval_seconds)

    def _settle(self, record: RequestRecord) -> None:
        # Only a request that was cut can have been waiting for a connection; looking for it costs
        # more than the rest of the pool's work.
        if record.outcome in ABORTED:
            self.mongo.settle(record)

    def _server_spans(self) -> ServerSpans:
        if self.config.server_spans == "wsgi":
            return WsgiServerSpans(self.tracing)
        return InstrumentationFlaskServerSpans(self.tracing)

    def _connect_sinks(self) -> None:
        requests = RequestMetrics(self.metrics)
        self.recorder.on_begin("metrics", requests.begin)
        self.recorder.on_begin("cpu", self.cpu.begin)
        self.recorder.on_end("cpu", self.cpu.end)
        self.recorder.on_end("mongo", self._settle)
        # The span first: a span that the full queue refuses takes the exemplar with it.
        self.recorder.add_sink("span", self.spans.close)
        self.recorder.add_sink("metrics", requests)
        self.recorder.add_sink("slow", SlowRequests(self.metrics))
        self.recorder.add_sink("log", self.logs.requests)
