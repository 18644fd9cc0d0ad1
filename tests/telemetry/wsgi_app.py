"""An app within the WSGI layer, called as a server does."""

from contextlib import contextmanager

import gevent
from flask import Flask, Response, abort
from opentelemetry.trace import get_current_span

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics
from telemetry.requests.parsing import RequestParser
from telemetry.requests.record import current_record
from telemetry.requests.recorder import ACCOUNT_PHASES, Recorder, Step
from telemetry.tracing import Tracing, WsgiServerSpans
from telemetry.wsgi import RequestLayer, install


class App:
    """A Flask app behind the layer, its completed requests, and the errors of telemetry."""

    def __init__(self):
        self.records = []
        self.errors = []
        guard = Guard(strict=False, on_error=self.errors.append)
        config = TelemetryConfig(environment="test")
        metrics = Metrics()
        self.lifecycle = Lifecycle(metrics)
        spans = WsgiServerSpans(Tracing(config, metrics, guard))
        self.recorder = Recorder(guard, completion=(ACCOUNT_PHASES, Step("span", spans.close)))
        self.recorder.add_sink("test", self.records.append)
        self.app = Flask("shop")
        self.layer = RequestLayer(
            self.app.wsgi_app,
            parser=RequestParser(config),
            recorder=self.recorder,
            spans=spans,
            lifecycle=self.lifecycle,
            guard=guard,
            config=config,
        )
        install(self.app, self.layer)
        self.client = self.app.test_client()

    def get(self, path, **headers):
        """One request, its response read and closed as a server would."""
        return self.client.get(path, headers=headers, buffered=True)

    def facts(self):
        """The end of the one request that was completed."""
        (record,) = self.records
        return record.route, record.status, record.outcome, record.error_type, record.response_bytes


@contextmanager
def serving_app():
    """Serve the routes of these tests; nothing is left behind at the end."""
    serving = App()

    @serving.app.get("/hello/<name>")
    def hello(name):
        return f"hello {name}"

    @serving.app.get("/raise")
    def fail():
        raise ValueError("no")

    @serving.app.get("/gone")
    def gone():
        abort(410)

    @serving.app.get("/stream")
    def stream():
        def chunks():
            for number in range(3):
                yield f"{number}\n"
                gevent.sleep(0.05)

        return Response(chunks())

    @serving.app.get("/stream-that-breaks")
    def breaks():
        def chunks():
            yield "one\n"
            raise RuntimeError("half way")

        return Response(chunks())

    @serving.app.get("/killed")
    def killed():
        raise gevent.GreenletExit

    @serving.app.get("/late")
    def late():
        raise gevent.Timeout(1)

    yield serving
    check_nothing_is_left(serving)


def check_nothing_is_left(serving):
    assert serving.errors == []
    assert serving.recorder.in_flight == ()
    assert current_record() is None
    assert not get_current_span().get_span_context().is_valid


def ignore(status, headers, exc_info=None):
    """Start a response that nobody reads."""
    return lambda data: None


def begin(serving, path, start_response=ignore):
    """Call the app as a server does, up to the first chunk."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "t",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
    }
    body = serving.app(environ, start_response)
    next(iter(body))
    return body
