"""A small app that takes its connection over, as libraries for WebSocket do, and then ends in
different ways.
"""

import contextlib
import time

import gevent
from flask import Flask, Response, jsonify, request
from simple_websocket import ConnectionClosed
from simple_websocket import Server as WebSocket

from telemetry import Telemetry, names

app = Flask(__name__)
telemetry = Telemetry.from_env()
telemetry.init_app(app)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"


@app.get("/who")
def who():
    samples = telemetry.metrics.counter(names.UNCAUGHT_EXCEPTIONS).collect()[0].samples
    return jsonify(
        port=telemetry.management.port,
        uncaught=sum(each.value for each in samples if each.name.endswith("_total")),
    )


def socket_of(environ):
    """Return the socket, in the place where a library finds it."""
    return environ.get("gunicorn.socket") or environ["wsgi.input"].raw._sock


def echo(client):
    """Send back what is received, until the client ends."""
    while data := client.recv(100):
        client.sendall(data)


def ends(environ, start_response):
    """End in the way that the path names; the client must notice none of it."""
    how = environ["PATH_INFO"].rpartition("/")[2]
    if how == "stop":
        raise StopIteration
    if how == "error":
        raise ValueError("after the handover")
    if how == "reset":
        raise ConnectionResetError
    if how == "timeout":
        raise TimeoutError
    if how == "killed":
        gevent.getcurrent().kill()
    if how == "closed":
        socket_of(environ).close()
    if how == "nothing":
        return None
    if how == "response":
        start_response("200 OK", [("Content-Length", "5")])
        return [b"after"]
    if how == "stream":
        start_response("200 OK", [])
        return iter([b"after", b"wards"])
    if how == "write":
        start_response("200 OK", [])(b"after")
    if how == "lazy":
        return lazy()
    return []


def lazy():
    """Raise while the server iterates."""
    yield b"after"
    raise ValueError("after the handover")


class Raw:
    """Takes the connection over outside of Flask, as a middleware does."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        path = path.rpartition("/")[0] or path
        if path == "/raw":
            client = socket_of(environ)
            client.sendall(SWITCH)
            echo(client)
            return ends(environ, start_response)
        if path == "/duplicate":
            client = socket_of(environ).dup()
            client.sendall(SWITCH)
            echo(client)
            client.close()
            return ends(environ, start_response)
        if path == "/unobserved":
            client = socket_of(environ)._client
            client.sendall(SWITCH)
            echo(client)
            return ends(environ, start_response)
        if path == "/push":
            client = socket_of(environ)
            client.sendall(SWITCH)
            while True:
                client.sendall(b".")
                time.sleep(0.02)
        if path == "/inspect":
            client = socket_of(environ)
            assert client.fileno() > 0
            assert client.getpeername()
        return self.inner(environ, start_response)


@app.get("/inspect")
def inspect():
    return "an ordinary response"


class Nothing(Response):
    """What flask-sock returns once a client has left."""

    def __call__(self, environ, start_response):
        raise StopIteration


@app.route("/websocket", websocket=True)
def websocket():
    connection = WebSocket.accept(request.environ)
    with contextlib.suppress(ConnectionClosed):
        while True:
            connection.send(connection.receive())
    return Nothing()


# Inside the layer that records requests.
telemetry_layer = app.wsgi_app
telemetry_layer._app = Raw(telemetry_layer._app)
