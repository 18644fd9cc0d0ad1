"""A receiver of OTLP/HTTP for tests: a real server, and peers that misbehave."""

import contextlib
import gzip
import time
from collections import deque

from gevent.event import Event
from gevent.pywsgi import WSGIServer
from gevent.server import StreamServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REASONS = {
    200: "OK",
    301: "Moved Permanently",
    400: "Bad Request",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Collector:
    """Answers each request as scripted, else with 200; keeps the bodies that it accepted.

    The bodies are kept decompressed.
    Script entries are a status, or a tuple of status, headers and body.
    """

    def __init__(self, *script, port=0, ssl_context=None):
        self.script = deque(script)
        self.arrivals = []
        self.requests = []
        self.headers = []
        self.accepted = []
        self.changed = Event()
        tls = {"ssl_context": ssl_context} if ssl_context else {}
        self.server = WSGIServer(("127.0.0.1", port), self._answer, log=None, error_log=None, **tls)

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(timeout=0.1)

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def names(self):
        """Names of the accepted spans, in order."""
        return [span.name for _, _, span in spans_of(self.accepted)]

    def wait_for(self, count, timeout_seconds=60):
        """Wait until so many spans were accepted; returns their names."""
        deadline = time.monotonic() + timeout_seconds
        while len(self.names) < count and (remaining := deadline - time.monotonic()) > 0:
            self.changed.clear()
            self.changed.wait(remaining)
        return self.names

    def _answer(self, environ, start_response):
        body = environ["wsgi.input"].read()
        self.arrivals.append(time.monotonic())
        self.requests.append(
            (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["CONTENT_TYPE"])
        )
        self.headers.append(
            {
                name.removeprefix("HTTP_").lower().replace("_", "-"): value
                for name, value in environ.items()
                if name.startswith("HTTP_")
            }
        )
        if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
            body = gzip.decompress(body)
        step = self.script.popleft() if self.script else 200
        status, headers, answer = step if isinstance(step, tuple) else (step, [], b"")
        if status == 200:
            self.accepted.append(body)
        self.changed.set()
        start_response(
            f"{status} {REASONS[status]}", [*headers, ("Content-Length", str(len(answer)))]
        )
        return [answer]


def spans_of(bodies):
    """Resource attributes, scope name and span of everything in some requests' bodies, in order."""
    return [
        (resource_spans.resource, scope_spans.scope, span)
        for body in bodies
        for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]


@contextlib.contextmanager
def peer(handle):
    """A server that handles each connection by ``handle``; yields its URL."""

    def quietly(connection, _):
        # The exporter closes connections to such peers, which is the point.
        with contextlib.suppress(OSError):
            handle(connection)

    server = StreamServer(("127.0.0.1", 0), quietly)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.stop(timeout=0.1)
