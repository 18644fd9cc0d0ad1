"""A small app that answers with what its server made of the request."""

import os

from flask import Flask, Response, jsonify, request

from telemetry import Telemetry

app = Flask(__name__)
telemetry = Telemetry.from_env()
telemetry.init_app(app)


@app.get("/who")
def who():
    return jsonify(pid=os.getpid(), port=telemetry.management.port)


@app.route("/health/liveness", methods=["GET", "POST"])
def echo():
    return jsonify(
        host=request.environ.get("HTTP_HOST"),
        path=request.environ["PATH_INFO"],
        query=request.environ["QUERY_STRING"],
        protocol=request.environ["SERVER_PROTOCOL"],
        script_name=request.environ["SCRIPT_NAME"],
        cookie=request.environ.get("HTTP_COOKIE"),
        forwarded_for=request.environ.get("HTTP_X_FORWARDED_FOR"),
        body=request.get_data().decode("latin-1"),
    )


@app.post("/unread")
def unread():
    return "not read"


@app.get("/stream")
def stream():
    return Response(iter(["br", "eathe"]))


class Raw:
    """Answers outside of Flask, which sends no body where there must be none."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"].startswith("/status/"):
            start_response(environ["PATH_INFO"].rpartition("/")[2], [("Content-Length", "4")])
            return iter([b"ca", b"lm"])
        return self.inner(environ, start_response)


# Inside the layer that records requests.
app.wsgi_app._app = Raw(app.wsgi_app._app)
