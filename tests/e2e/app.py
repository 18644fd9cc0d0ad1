"""The service with test routes that hold, stream and fail, for the end-to-end tests.

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
    """Respond after ``seconds``."""
    gevent.sleep(seconds)
    return {"slept_seconds": seconds}


@app.get("/test/after-drain/<float:seconds>")
def after_drain(seconds: float) -> dict[str, float]:
    """Respond ``seconds`` after the worker began to drain, however late that is."""
    telemetry: Telemetry = app.extensions["telemetry"]
    while telemetry.lifecycle.state != "draining":
        gevent.sleep(TICK_SECONDS)
    gevent.sleep(seconds)
    return {"slept_seconds": seconds}


@app.get("/test/stream/<float:seconds>")
def stream(seconds: float) -> Response:
    """Send a kilobyte every tenth of a second for ``seconds``: a broken connection is detected."""

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
    """Raise an exception that no handler expects."""
    raise ValueError("raised on request")


@app.post("/test/raise-in-greenlet")
def fail_in_greenlet() -> dict[str, str]:
    """Spawn a greenlet that raises; nothing waits for it."""
    gevent.spawn(fail)
    return {"spawned": "one"}
