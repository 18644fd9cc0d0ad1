"""Sends the same requests to one app and prints its server spans as JSON.

The argument names the source of the server spans.

Run as a process of its own: an instrumentation is for a whole process, and so is the variable that
picks the stable conventions.
"""

import json
import sys

from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402
from flask import Flask, Response  # noqa: E402
from gevent.pywsgi import WSGIHandler, WSGIServer  # noqa: E402
from gevent.socket import create_connection  # noqa: E402

from telemetry.config import TelemetryConfig  # noqa: E402
from telemetry.guard import Guard  # noqa: E402
from telemetry.lifecycle import Lifecycle  # noqa: E402
from telemetry.metrics import Metrics  # noqa: E402
from telemetry.propagation import Propagation  # noqa: E402
from telemetry.requests.parsing import RequestParser  # noqa: E402
from telemetry.requests.recorder import ACCOUNT_PHASES, Recorder, Step  # noqa: E402
from telemetry.tracing import Tracing, server_spans  # noqa: E402
from telemetry.wsgi import RequestLayer, install  # noqa: E402
from tests.support.delivered import delivered  # noqa: E402

CHUNKS = 3
CHUNK_SECONDS = 0.1
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"
INVALID = "00-11111111111111111111111111111111-2222222222222222-01-more"

REQUESTS = {
    "answered": "GET /posts/hello HTTP/1.1",
    "head": "HEAD /posts/hello HTTP/1.1",
    "unmatched": "GET /nothing/here HTTP/1.1",
    "method not allowed": "DELETE /posts/hello HTTP/1.1",
    "unknown method": "FOOBAR /posts/hello HTTP/1.1",
    "exception": "GET /broken HTTP/1.1",
    "unavailable": "GET /unavailable HTTP/1.1",
    "streamed": "GET /streamed HTTP/1.1",
    "breaks while streamed": "GET /streamed-and-broken HTTP/1.1",
    "query": "GET /posts/hello?token=secret&page=2 HTTP/1.1",
    "encoded path": "GET /posts/h%C3%A9llo HTTP/1.1",
    "old protocol": "GET /posts/hello HTTP/1.0",
    "continued trace": (
        f"GET /posts/hello HTTP/1.1\r\nTraceparent: {TRACEPARENT}\r\nTracestate: vendor=1"
    ),
    "invalid traceparent": f"GET /posts/hello HTTP/1.1\r\nTraceparent: {INVALID}",
}


def make_app():
    """An app with a route for each way to answer."""
    app = Flask("conformance")

    @app.get("/posts/<slug>")
    def post(slug):
        return {"slug": slug}

    @app.get("/broken")
    def broken():
        raise KeyError("broken")

    @app.get("/unavailable")
    def unavailable():
        return "later", 503

    @app.get("/streamed")
    def streamed():
        return Response(chunks(CHUNKS))

    @app.get("/streamed-and-broken")
    def streamed_and_broken():
        return Response(chunks(CHUNKS, ValueError("broken")))

    return app


def chunks(count, error=None):
    for _ in range(count):
        gevent.sleep(CHUNK_SECONDS)
        yield b"chunk"
    if error is not None:
        raise error


class Handler(WSGIHandler):
    """Adds the raw target to the environ as gunicorn does; both sources read it."""

    def get_environ(self):
        return {**super().get_environ(), "RAW_URI": self.path}

    def log_error(self, *_):
        """Ignore the stream that breaks on purpose."""


def send(port, request):
    """Send one request and read its answer to the end."""
    headers = "Host: api.example.org:8000\r\nUser-Agent: conformance/1\r\nConnection: close"
    with create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{request}\r\n{headers}\r\n\r\n".encode())
        while connection.recv(65536):
            pass


def plain(span):
    """A span as JSON; times as milliseconds, ids as hex digits."""
    return {
        "name": span.name,
        "kind": span.kind.name,
        "status": span.status.status_code.name,
        "description": span.status.description,
        "trace_id": f"{span.context.trace_id:032x}",
        "trace_flags": int(span.context.trace_flags),
        "trace_state": span.context.trace_state.to_header(),
        "parent": f"{span.parent.span_id:016x}" if span.parent else None,
        "milliseconds": (span.end_time - span.start_time) / 1e6,
        "events": [event.name for event in span.events],
        "attributes": dict(span.attributes),
    }


def observe(app, source, records=None, **settings):
    """Put the request layer around an app, with its server spans from the source.

    Completed records are appended to ``records``. Returns the queue that the spans end in.
    """
    config = TelemetryConfig(server_spans=source, **settings)
    metrics, guard = Metrics(), Guard(strict=True, on_error=print)
    tracing = Tracing(config, metrics, guard)
    spans = server_spans(config, tracing)
    spans.install(app)
    recorder = Recorder(guard, completion=(ACCOUNT_PHASES, Step("span", spans.close)))
    if records is not None:
        recorder.add_sink("test", records.append)
    lifecycle = Lifecycle(metrics)
    lifecycle.ready()
    layer = RequestLayer(
        app.wsgi_app,
        parser=RequestParser(config, Propagation(config.propagators).adopt),
        recorder=recorder,
        spans=spans,
        lifecycle=lifecycle,
        guard=guard,
        config=config,
    )
    install(app, layer)
    return tracing.queue


def main(source):
    """Serve, send every request in turn, and print its server span by its name."""
    app = make_app()
    queue = observe(app, source)
    server = WSGIServer(("127.0.0.1", 0), app, log=None, error_log=None, handler_class=Handler)
    server.start()
    spans = {}
    for name, request in REQUESTS.items():
        send(server.server_port, request)
        gevent.sleep(0)  # the client has its last byte before the server is done with the request
        (spans[name],) = map(plain, delivered(queue))
    server.stop()
    print(json.dumps(spans))


if __name__ == "__main__":
    main(sys.argv[1])
