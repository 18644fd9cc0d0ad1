"""Routes that read a body in every way in which an app may, and that answer at length."""

import contextlib

import gevent
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

bodies = Blueprint("bodies", __name__)

closed: list[str] = []

READ_BYTES = 65536
EVENTS = 4


@bodies.post("/body/json")
def read_json():
    return jsonify(request.get_json())


@bodies.post("/body/form")
def read_form():
    return jsonify(sorted([*request.form, *request.files]))


@bodies.post("/body/data")
def read_data():
    return jsonify(len(request.get_data()))


@bodies.post("/body/stream")
def read_stream():
    """Read piece by piece, as an upload to a store does."""
    received = 0
    while piece := request.stream.read(READ_BYTES):
        received += len(piece)
    return jsonify(received)


@bodies.post("/body/raw")
def read_raw():
    """Read past the framework."""
    body = request.environ["wsgi.input"]
    received = 0
    while piece := body.read(READ_BYTES):
        received += len(piece)
    return jsonify(received)


@bodies.post("/body/lines")
def read_lines():
    return jsonify(sum(len(line) for line in request.environ["wsgi.input"]))


@bodies.post("/body/swallow")
def swallow():
    """Take every failure to read for an empty body."""
    with contextlib.suppress(OSError, BadRequest):
        request.get_data()
    return "done"


@bodies.post("/body/broken")
def broken():
    """Make its own exception of every failure to read."""
    try:
        request.get_data()
    except (OSError, BadRequest) as error:
        raise RuntimeError("cannot read") from error
    return "done"


@bodies.post("/body/late")
def read_late():
    """Read the body while the response is made."""
    body = request.environ["wsgi.input"]

    def chunks():
        yield str(len(body.read()))

    return Response(chunks())


@bodies.post("/body/unread")
def unread():
    return "done"


@bodies.get("/bytes")
def many_bytes():
    """Answer with so many bytes, at once or in pieces."""
    size = int(request.args["size"])
    if "pieces" not in request.args:
        return Response(bytes(size))

    def chunks():
        try:
            for _ in range(size // READ_BYTES):
                yield bytes(READ_BYTES)
        finally:
            closed.append("closed")

    return Response(chunks())


@bodies.get("/closed")
def count_closed():
    """Return how many responses in pieces were closed."""
    return jsonify(len(closed))


@bodies.get("/events")
def events():
    """Send a few events with long silences between them."""
    pause = float(request.args["seconds"]) / EVENTS

    def chunks():
        for number in range(EVENTS):
            yield f"data: {number}\n\n"
            gevent.sleep(pause)

    return Response(chunks(), mimetype="text/event-stream")


@bodies.post("/body/slow-work")
def slow_work():
    """Read the body, then work."""
    request.get_data()
    gevent.sleep(float(request.args["seconds"]))
    return "done"


@bodies.route("/take-over", websocket=True)
def take_over():
    """Answer as a library for WebSocket does: on the connection itself, for as long as it lives."""
    connection = request.environ["gunicorn.socket"]
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    if "deaf" in request.args:
        gevent.sleep(600)
    while connection.recv(100):
        connection.sendall(b"pong")
    return Response()
