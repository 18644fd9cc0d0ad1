"""A shop whose requests a flight recorder observes, with logs on a file."""

import contextlib
import json
import logging
import threading

import gevent
import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.debug_page import REST
from telemetry.flight_recorder import FlightRecorder
from telemetry.greenlets import LiveGreenlets
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.logs import Logs
from telemetry.metrics import Metrics
from telemetry.requests import inheritance
from telemetry.requests.parsing import RequestParser
from telemetry.requests.record import waiting
from telemetry.requests.recorder import ACCOUNT_PHASES, Recorder, Step
from telemetry.tracing import Tracing, WsgiServerSpans
from telemetry.wsgi import RequestLayer, install
from tests.support.polling import wait_until

SLOW_AFTER_SECONDS = 0.2
log = logging.getLogger("shop.orders")


class Subject:
    """Describes a wait when it is read."""

    def __init__(self, text):
        self.text = text
        self.reads = 0

    def __str__(self):
        self.reads += 1
        return self.text


class Shop:
    """A Flask app behind the layer, with its flight recorder."""

    def __init__(self, path, *, strict=True, holders=tuple, **settings):
        self._path, self._file = path, path.open("wb", buffering=0)
        self.errors = []
        self.config = TelemetryConfig(
            slow_after_seconds=SLOW_AFTER_SECONDS, traces_exporter="none", **settings
        )
        guard = Guard(strict=strict, on_error=self.errors.append)
        self.metrics = Metrics(CollectorRegistry())
        self.logs = Logs(self.config, self.metrics, guard, fd=self._file.fileno())
        self.flight = FlightRecorder(self.config, self.metrics, guard, self.logs)
        self.greenlets, self._holders = LiveGreenlets(), holders
        spans = WsgiServerSpans(Tracing(self.config, self.metrics, guard))
        self.recorder = Recorder(
            guard,
            completion=(
                ACCOUNT_PHASES,
                Step("snapshots", self.flight.add_events),
                Step("span", spans.close),
                Step("flight", self.flight.keep),
            ),
        )
        self.completed = []
        self.recorder.add_record_sink("test", lambda each: self.completed.append(each.events))
        self.app = Flask("shop")
        self.flight.app_loggers.append("shop")
        self.pages = self.flight.pages({})
        layer = RequestLayer(
            self.app.wsgi_app,
            parser=RequestParser(self.config),
            recorder=self.recorder,
            spans=spans,
            lifecycle=Lifecycle(self.metrics),
            guard=guard,
            config=self.config,
        )
        install(self.app, layer)
        add_routes(self.app)

    def start(self):
        self._level = logging.getLogger().level
        self.logs.install()
        self.logs.writer.start()
        inheritance.install()
        self.greenlets.start()
        self.flight.start(self.recorder, self.greenlets, self._holders)

    def stop(self):
        self.flight.stop()
        self.greenlets.stop()
        inheritance.uninstall()
        self.logs.writer.stop()
        self.logs.uninstall()
        logging.getLogger().setLevel(self._level)
        self._file.close()

    def get(self, path):
        return self.app.test_client().get(path, buffered=True)

    def spawn(self, path):
        return gevent.spawn(self.get, path)

    def listed(self, **query):
        return self.pages["/debug/requests"](query).data

    def one(self, request_id):
        return self.pages["/debug/requests/"]({REST: request_id}).data

    def kept(self):
        """Every kept request with all that is known of it, newest first."""
        return [self.one(each["requestId"]) for each in self.listed()["past"]]

    def live(self, route):
        """The request in flight for a route, once it has a snapshot."""

        def found():
            every = self.listed()["requests"]
            return [each for each in every if each["route"] == route and each["snapshots"]]

        return self.one(wait_until(found)[0]["requestId"])

    def counted(self, result):
        name = names.RECORDED_REQUESTS.name
        return self.metrics.registry.get_sample_value(name, {"result": result}) or 0.0

    def written(self):
        return [json.loads(line) for line in self._path.read_bytes().splitlines()]


def add_routes(app):
    lock, mutex = threading.RLock(), threading.Lock()

    @app.get("/good")
    def good():
        log.debug("reading")
        log.info("good")
        return "good"

    @app.get("/fail/<name>")
    def fail(name):
        log.debug("failing for %s, token=%s", name, "s3cr3t-value")
        log.info("fails")
        raise ValueError(name)

    @app.get("/slow")
    def slow():
        log.debug("before %r", {"card": 1})
        with waiting("db", Subject("find orders {status} on 127.0.0.1:27017")):
            gevent.sleep(0.9)
        return "slow"

    @app.get("/parallel")
    def parallel():
        def ask():
            with waiting("external", "https://pay.test"):
                gevent.sleep(0.9)

        gevent.joinall([gevent.spawn(ask) for _ in range(2)])
        return "both"

    @app.get("/pool")
    def pool():
        with waiting("db_pool_wait", "pool of 127.0.0.1:27017"):
            gevent.sleep(0.6)
        return "got one"

    @app.get("/hold/<kind>")
    def hold(kind):
        with lock if kind == "reentrant" else mutex:
            gevent.sleep(1.0)
        return "held"

    @app.get("/want/<kind>")
    def want(kind):
        with lock if kind == "reentrant" else mutex:
            return "had"


@pytest.fixture
def shop(tmp_path):
    """Makes shops, and stops them at the end."""
    with contextlib.ExitStack() as stack:

        def make(**options):
            made = Shop(tmp_path / "log", **options)
            made.start()
            stack.callback(made.stop)
            return made

        yield make
