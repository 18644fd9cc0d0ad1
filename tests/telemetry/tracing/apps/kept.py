"""An app whose requests fail, are slow, or are cut, with spans of their own below them."""

import gevent
from flask import Flask, Response, jsonify, request

from telemetry import Telemetry, slow_after
from telemetry.tracing.server_span import ServerSpan
from telemetry.tracing.span import Span

ENCODED = []
"""Names of the spans that were encoded."""


def count_encodings(kind):
    """Add the name of each span of a class to ``ENCODED`` when it is encoded."""
    encoded = kind.encoded

    def counting(span):
        ENCODED.append(span.name)
        return encoded(span)

    kind.encoded = counting


for kind in (Span, ServerSpan):
    count_encodings(kind)

app = Flask(__name__)
telemetry = Telemetry.from_env()
telemetry.init_app(app)


def work():
    """Make the spans that the request asks for."""
    for index in range(int(request.args.get("spans", "1"))):
        with telemetry.tracing.tracer.start_as_current_span("work") as span:
            span.set_attribute("text", request.args.get("text", "") * 100)
            span.set_attribute("index", index)


@app.get("/who")
def who():
    return jsonify(port=telemetry.management.port)


@app.get("/encoded")
def encoded():
    return jsonify(ENCODED)


@app.get("/page")
def page():
    work()
    return "done"


@app.get("/fail")
def fail():
    work()
    raise RuntimeError("as asked")


@app.get("/rare")
def rare():
    work()
    raise RuntimeError("as asked")


@app.get("/slow")
@slow_after(0.05)
def slow():
    work()
    gevent.sleep(0.1)
    return "done"


@app.get("/patient")
@slow_after(60.0)
def patient():
    work()
    gevent.sleep(0.1)
    return "done"


@app.get("/busy")
@slow_after(1e-9)
def busy():
    work()
    return "done"


@app.get("/other")
@slow_after(1e-9)
def other():
    work()
    return "done"


@app.get("/endless")
def endless():
    work()

    def body():
        while True:
            yield "x" * 10_000
            gevent.sleep(0.01)

    return Response(body())
