"""``Telemetry``: everything that observes one worker, built once and in order.

Building has no effect outside of the object; ``start`` is called after the fork, when the hub
exists, and ``shutdown`` before the exit.
"""

import gc
import importlib
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import gevent
from flask import Flask
from prometheus_client import CollectorRegistry, Histogram

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.flight_recorder import FlightRecorder
from telemetry.guard import Guard
from telemetry.health import DEFAULT_PREFIX, Health, HealthEvidence
from telemetry.health_routes import add_health_routes
from telemetry.http_client import ClientSpans
from telemetry.hub import HubMonitor
from telemetry.lifecycle import Lifecycle
from telemetry.logs import Logs
from telemetry.management import Management
from telemetry.metrics import Metrics
from telemetry.optional_mongo import OptionalMongo
from telemetry.phases import HubPhases
from telemetry.process import ProcessSampler
from telemetry.propagation import Propagation
from telemetry.recording import RecordingParts, request_recorder
from telemetry.requests import inheritance
from telemetry.requests.observations import Observations
from telemetry.requests.parsing import RequestParser
from telemetry.requests.record import ABORTED, RequestRecord
from telemetry.tracing import ServerSpans, Tracing, server_spans
from telemetry.wsgi import RequestLayer, install

if TYPE_CHECKING:
    from telemetry.faults import FaultControl
    from telemetry.mongo import MongoTelemetry

Callback = Callable[[], object]


class Telemetry:
    """The telemetry of one worker process.

    Args:
        config: Its settings.
        registry: Where its metrics are registered; a new one when not given.

    Attributes:
        metrics: The instruments of this worker; ``metrics.counter(descriptor)``, ``gauge`` and
            ``histogram`` register a service's own metrics.
        health: The health checks; ``health.add_indicator`` adds a part of the service.
        http_client: Client spans for calls to other services.
        recorder: The requests in flight; ``recorder.add_sink`` receives the completed ones.
        lifecycle: The state of the process.
    """

    def __init__(self, config: TelemetryConfig, registry: CollectorRegistry | None = None) -> None:
        self.config = config
        self.metrics = Metrics(registry)
        self.metrics.describe_target(config)
        errors = self.metrics.counter(names.TELEMETRY_ERRORS)
        self.guard = Guard(strict=config.strict, on_error=lambda where: errors.labels(where).inc())
        self.lifecycle = Lifecycle(self.metrics)
        self.propagation = Propagation(config.propagators)
        self.tracing = Tracing(config, self.metrics, self.guard)
        self.health = Health(config, self.metrics, self.lifecycle)
        if self.tracing.exports:
            # A detail: spans that nobody takes are no reason to take no traffic.
            self.health.add_indicator("trace_export", self._trace_export, group="report")
        self.logs = Logs(config, self.metrics, self.guard)
        self._mongo = OptionalMongo(config, self.metrics, self.guard, self.tracing.provider)
        self.http_client = ClientSpans(config, self.tracing, self.guard, self.propagation.inject)
        self.process = ProcessSampler(self.metrics)
        self.phases = HubPhases(self.guard)
        self.spans: ServerSpans = server_spans(config, self.tracing)
        self._observations = Observations()
        self.flight = FlightRecorder(config, self.metrics, self.guard, self.logs)
        self.hub = HubMonitor.of(config, self.metrics, self.guard, lambda: self.recorder.in_flight)
        self.recorder = request_recorder(
            self.guard,
            self.metrics,
            RecordingParts(
                self.phases, self.hub, self.spans, self.flight, self.logs, self._observations
            ),
            account_interrupted_wait=self._account_interrupted_wait,
        )
        self._faults = _fault_control() if config.faults else None
        self.management = Management(
            config,
            self.metrics,
            self.guard,
            health_verdicts=self.health.routes(DEFAULT_PREFIX)
            | self.health.routes(config.health_prefix),
            in_flight=lambda: self.recorder.in_flight,
            greenlets=self.hub.greenlets,
            debug_pages=self.flight.pages({**self.hub.pages, **self._mongo.pages()}),
        )
        self.management.control = self._faults
        self._on_start: list[Callback] = []
        self._on_shutdown: list[Callback] = []
        self._sampler: gevent.Greenlet[..., None] | None = None
        self._started = False

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        service_name: str = "",
        service_version: str = "",
    ) -> Self:
        """Build from environment variables.

        Args:
            environ: Variables by name; the process's own when not given.
            service_name: Name of the service when no variable sets it.
            service_version: Its version when no variable sets it.

        Returns:
            A telemetry that has not been started.

        Raises:
            SettingError: A variable cannot be used; the text is one line.
        """
        config = TelemetryConfig.from_env(
            os.environ if environ is None else environ,
            service_name=service_name,
            service_version=service_version,
        )
        return cls(config)

    @property
    def mongo(self) -> "MongoTelemetry":
        """The telemetry of MongoDB clients; pymongo is imported when it is first asked for.

        Raises:
            MissingExtraError: The extra ``mongo`` is not installed.
        """
        return self._mongo.make("Telemetry.mongo")

    @property
    def registry(self) -> CollectorRegistry:
        """The one registry of this worker."""
        return self.metrics.registry

    def init_app(self, app: Flask) -> None:
        """Observe every request of a Flask app.

        Args:
            app: Not yet served. ``app.extensions["telemetry"]`` is this object afterwards.
        """
        self.spans.install(app)
        self.flight.app_loggers.append(app.import_name.partition(".")[0])
        layer = RequestLayer(
            app.wsgi_app,
            parser=RequestParser(self.config, self.propagation.adopt),
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

    def observe(self, histogram: Histogram, value: float) -> None:
        """Observe a value with an exemplar that names the trace of the present request.

        It is observed when the request has ended, and the exemplar left out where the trace is not
        kept; outside of a request at once.

        Args:
            histogram: Without labels, or the child for their values.
            value: In the histogram's unit.
        """
        self._observations.observe(histogram, value)

    def mongo_listeners(self) -> list[Any]:
        """Return the listeners for ``pymongo.MongoClient(event_listeners=…)``."""
        return self._mongo.make("Telemetry.mongo_listeners()").listeners()

    def watch_mongo(self, client: Any) -> None:
        """Check the database of ``client`` in the background from ``start`` on; health needs it."""
        mongo = self._mongo.make("Telemetry.watch_mongo()")
        self.health.expect_database(
            why_down=lambda: mongo.last_error, age_seconds=lambda: mongo.evidence_age_seconds
        )
        self.on_start(partial(mongo.watch, client))
        if self._faults is not None:
            self._faults.clients.append(client)

    def on_start(self, callback: Callback) -> None:
        """Call ``callback`` in each worker once everything else has started."""
        self._on_start.append(callback)

    def on_shutdown(self, callback: Callback) -> None:
        """Call ``callback`` after the last response, before spans and logs are flushed.

        The callback that was added last is called first.
        """
        self._on_shutdown.append(callback)

    def start(self) -> None:
        """Start the background work; in the worker's process, from its main greenlet.

        Raises:
            SettingError: The management port cannot be used; the text is one line.
        """
        if self._started:
            return
        self._started = True
        self.management.start()
        self.logs.install()
        self.logs.writer.start()
        self.config.log_notices()
        inheritance.install()
        if self.config.cpu_phase:
            self.hub.follow(self.phases)
            self.phases.start()
        self.tracing.start()
        self.hub.start()
        self.flight.start(self.recorder, self.hub.greenlets, self._mongo.holders)
        self._sampler = gevent.spawn(self._sample_forever)
        if self._faults is not None:
            self._faults.start()
        for callback in self._on_start:
            callback()
        # Objects that exist now live as long as the process: without this, a full collection during
        # a scrape stopped the hub for 30-45 ms.
        gc.collect()
        gc.freeze()

    def shutdown(self) -> bool:
        """End the background work: callbacks, then spans, then logs, within about three seconds.

        Returns:
            Whether every span was delivered.
        """
        if self._faults is not None:
            self._faults.stop()
        for callback in reversed(self._on_shutdown):
            with self.guard.at("shutdown.callback"):
                callback()
        if self._mongo.made is not None:
            self._mongo.made.stop()
        if self._sampler is not None:
            self._sampler.kill()
        self.flight.stop()
        self.hub.stop()
        self.phases.stop()
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

    def _account_interrupted_wait(self, record: RequestRecord) -> None:
        # Only a request that was cut can have been waiting for a connection; searching the pools
        # for it costs more than the rest of their work.
        if record.outcome in ABORTED and self._mongo.made is not None:
            self._mongo.made.settle(record)

    def _trace_export(self) -> HealthEvidence:
        state = self.tracing.export_state
        return HealthEvidence(
            healthy=not state.problem,
            reason=state.advice,
            details={"problem": state.problem} if state.problem else {},
            words={"down": "degraded"},
        )


def _fault_control() -> "FaultControl":
    # Loaded only where it is asked for: code that does harm is in no other process.
    control: FaultControl = importlib.import_module("telemetry.faults").FaultControl()
    return control
