"""A small app whose requests end as badly as their paths ask for, in Flask and below it."""

import gevent
from flask import Flask, Response, jsonify

from telemetry import Telemetry

app = Flask(__name__)
telemetry = Telemetry.from_env()

PIECE = b"calm\n" * 100


class Unforeseen(BaseException):
    """What no framework handles."""


def fail(how):
    """End in that way."""
    if how == "error":
        raise ValueError("planned")
    if how == "system":
        raise OSError(5, "planned")
    if how == "unforeseen":
        raise Unforeseen
    if how == "killed":
        gevent.getcurrent().kill()
    with gevent.Timeout(0.01):
        gevent.sleep(60)


@app.get("/who")
def who():
    return jsonify(port=telemetry.management.port)


@app.get("/wait")
def wait():
    """Work until it is ended."""
    gevent.sleep(600)


@app.get("/wait/later")
def wait_later():
    """Work until it is ended, with a response begun."""

    def body():
        yield PIECE
        gevent.sleep(600)

    return Response(body())


@app.get("/view/<how>")
def in_view(how):
    fail(how)
    return "done"


@app.get("/stream/<how>")
def in_stream(how):
    """Fail before the first byte, after Flask has begun the response."""

    def body():
        fail(how)
        yield PIECE

    return Response(body())


@app.get("/later/<how>")
def in_later_part(how):
    """Fail once a part has been sent."""

    def body():
        yield PIECE
        fail(how)
        yield PIECE

    return Response(body())


@app.get("/nested/<how>")
def nested(how):
    """Call a failing view from within, and answer well."""
    try:
        app.test_client().get(f"/view/{how}")
    except BaseException:
        return "caught"
    return "answered"


class FailingClose(list):
    """A body whose close fails."""

    def close(self):
        fail("error")


def below(environ, start_response):
    """A WSGI app without Flask: ``/below/<when>/<how>``."""
    _, first, *rest = environ["PATH_INFO"].split("/")
    if first != "below":
        return in_flask(environ, start_response)
    when, how = rest
    if when == "nothing":
        return [PIECE] if how == "something" else []
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if when == "begun":
        fail(how)
    if when == "again":
        return begin_again(how, start_response)
    if when == "written":
        write(PIECE)
        fail(how)
    if when == "text":
        return ["calm"]
    if when == "close":
        return FailingClose([PIECE])
    return parts(when, how)


def begin_again(how, start_response):
    """Replace the response that was begun, as the convention of errors allows."""
    try:
        fail(how)
    except Exception as error:
        start_response("502 Bad Gateway", [], (type(error), error, error.__traceback__))
    return [PIECE]


def parts(when, how):
    """A body in parts, which fails before or after the first that is not empty."""
    if when == "empty":
        yield b""
    if when == "later":
        yield PIECE
    fail(how)
    yield PIECE


in_flask = app.wsgi_app
app.wsgi_app = below
telemetry.init_app(app)
