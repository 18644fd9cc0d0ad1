"""A small app whose requests take as long, and fail as badly, as they ask for."""

import os
import socket
import subprocess
import threading
import time

import gevent
from flask import Flask, Response, jsonify, request

from telemetry import Telemetry, names
from tests.telemetry.server.apps.bodies import bodies

app = Flask(__name__)
telemetry = Telemetry.from_env()
telemetry.init_app(app)
app.register_blueprint(bodies)


@app.get("/who")
def who():
    return jsonify(
        pid=os.getpid(),
        slot=telemetry.config.slot,
        port=telemetry.management.port,
        state=telemetry.lifecycle.state,
    )


def wait_for(state):
    """Wait until the worker is in that state, where one is given."""
    while state and telemetry.lifecycle.state != state:
        gevent.sleep(0.02)


@app.get("/slow")
def slow():
    wait_for(request.args.get("after"))
    gevent.sleep(float(request.args["seconds"]))
    return "done"


@app.get("/stream")
def stream():
    pause, after = float(request.args["seconds"]) / 10, request.args.get("after")

    def body():
        wait_for(after)
        for _ in range(10):
            yield "."
            gevent.sleep(pause)

    return Response(body())


@app.get("/nodelay")
def nodelay():
    client = request.environ.get("gunicorn.socket")
    return jsonify(nodelay=bool(client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))


@app.get("/block")
def block():
    ends = time.monotonic() + float(request.args["seconds"])
    while time.monotonic() < ends:
        pass
    return "done"


@app.get("/command")
def command():
    while not in_flight("/turns"):
        gevent.sleep(0.02)
    for _ in range(5):
        subprocess.run(["true"], check=True)
    return "done"


@app.get("/turns")
def turns():
    while not in_flight("/command"):
        gevent.sleep(0.02)
    while in_flight("/command"):
        os.write(2, b"a turn of %d\n" % os.getpid())
        gevent.sleep(0)
    return "done"


def in_flight(path):
    return any(record.path == path for record in telemetry.recorder.in_flight)


@app.get("/kill")
def kill():
    gevent.getcurrent().kill()


@app.get("/uncaught/greenlet")
def uncaught_in_greenlet():
    gevent.spawn(lambda: 1 / 0).join()
    return counted()


@app.get("/uncaught/thread")
def uncaught_in_thread():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    return counted()


@app.get("/fatal")
def fatal():
    def lose():
        raise MemoryError

    gevent.spawn(lose).join()
    return telemetry.lifecycle.state


def counted():
    samples = telemetry.metrics.counter(names.UNCAUGHT_EXCEPTIONS).collect()[0].samples
    return jsonify(
        [
            [*sample.labels.values(), sample.value]
            for sample in samples
            if sample.name.endswith("_total")
        ]
    )
