"""An app that calls another service, and that service, for tests of client spans."""

import gevent
from flask import Flask
from gevent import pywsgi

from telemetry import Telemetry
from tests.support.delivered import delivered


class Peer:
    """A server that keeps the headers it gets; ``/slow`` takes 50 ms, ``/404`` sends 404."""

    def __init__(self):
        self.headers = []
        self.server = pywsgi.WSGIServer(("127.0.0.1", 0), self.answer, log=None)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, environ, start_response):
        self.headers.append(
            {
                name: environ.get(name)
                for name in ("HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE")
            }
        )
        path = environ["PATH_INFO"]
        if path == "/slow":
            gevent.sleep(0.05)
        start_response(f"{path[1:]} Some" if path[1:].isdigit() else "200 OK", [])
        return [b"answered"]


class Shop:
    """An app whose one route runs ``work``, behind the whole layer."""

    def __init__(self, **environ):
        self.telemetry = Telemetry.from_env(
            {"TELEMETRY_STRICT": "true", "TELEMETRY_CPU_PHASE": "false", **environ}
        )
        self.records = []
        self.telemetry.recorder.add_sink("test", self.records.append)
        app = Flask("shop")
        app.add_url_rule("/", view_func=lambda: self.work() or "done")
        self.telemetry.init_app(app)
        self.client = app.test_client()

    def run(self, work, **headers):
        """Serve one request; returns its record, its own span and those of its calls, in the order
        of their ends.
        """
        self.work = work
        self.client.get("/", headers=headers, buffered=True)
        *calls, server = delivered(self.telemetry.tracing.queue)
        return self.records[-1], server, calls
