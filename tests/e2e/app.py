"""The service as it is, with routes that hold, stream and break on request; the end-to-end tests
serve this.

Run by gunicorn with the service's own configuration: ``gunicorn -c service/gunicorn_conf.py
tests.e2e.app:app``.
"""

import gevent
from flask import Response

from service.wsgi import app
from telemetry import Telemetry

TICK_SECONDS = 0.1


@app.get("/test/sleep/<float:seconds>")
def sleep(seconds: float) -> dict[str, float]:
    """Answer after ``seconds``."""
    gevent.sleep(seconds)
    return {"slept_seconds": seconds}


@app.get("/test/after-drain/<float:seconds>")
def after_drain(seconds: float) -> dict[str, float]:
    """Answer ``seconds`` after the worker was told to stop, however long that takes to come."""
    telemetry: Telemetry = app.extensions["telemetry"]
    while telemetry.lifecycle.state != "draining":
        gevent.sleep(TICK_SECONDS)
    gevent.sleep(seconds)
    return {"slept_seconds": seconds}


@app.get("/test/stream/<float:seconds>")
def stream(seconds: float) -> Response:
    """Send a kilobyte every tenth of a second for ``seconds``; enough for a broken connection to be
    noticed.
    """

    def chunks():
        for _ in range(round(seconds / TICK_SECONDS)):
            yield b"." * 1023 + b"\n"
            gevent.sleep(TICK_SECONDS)

    return Response(chunks(), mimetype="text/plain")


@app.post("/test/kill-half")
def kill_half() -> dict[str, int]:
    """Kill every second greenlet that serves a request of the blog."""
    telemetry: Telemetry = app.extensions["telemetry"]
    serving = [
        record.greenlet
        for record in telemetry.recorder.in_flight
        if record.path.startswith("/api/v1/blog")
    ]
    victims = serving[::2]
    gevent.killall(victims)
    return {"killed": len(victims), "left": len(serving) - len(victims)}


@app.get("/test/raise")
def fail() -> None:
    """Raise what no handler expects."""
    raise ValueError("asked for")


@app.post("/test/raise-in-greenlet")
def fail_in_greenlet() -> dict[str, str]:
    """Spawn a greenlet that raises and that nobody waits for."""
    gevent.spawn(fail)
    return {"spawned": "one"}
