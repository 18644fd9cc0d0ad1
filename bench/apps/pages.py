"""The views that all apps share."""

import os
from functools import partial

import gevent
from flask import Flask, request

LARGE_BYTES = 16 * 1024**2


def page() -> dict[str, str]:
    """Answer at once."""
    return {"hello": "world"}


def hello() -> dict[str, str]:
    """Answer after one switch of greenlets, as after a request to a database."""
    gevent.sleep(0)
    return {"hello": "world"}


def item(number: int) -> dict[str, int]:
    """Answer with a number of the path."""
    return {"item": number}


def search() -> dict[str, str]:
    """Answer with a parameter of the query."""
    return {"found": request.args.get("q", "")}


def slow() -> dict[str, str]:
    """Answer after a wait of BENCH_SLOW_SECONDS."""
    gevent.sleep(float(os.environ.get("BENCH_SLOW_SECONDS", "0.1")))
    return {"hello": "late"}


def fail() -> dict[str, str]:
    """Raise an exception."""
    raise RuntimeError("this page always fails")


def read() -> dict[str, int]:
    """Read the whole body."""
    return {"bytes": len(request.get_data())}


def large(body: bytes) -> bytes:
    """Answer with more than the kernel takes for a client that does not read."""
    return body


def create_app() -> Flask:
    """Return a new app, with BENCH_ROUTES further pages, each a route of its own."""
    app = Flask("bench")
    for view in (page, hello, slow, fail):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    app.add_url_rule("/items/<int:number>", view_func=item)
    app.add_url_rule("/search", view_func=search)
    app.add_url_rule("/read", view_func=read, methods=["POST"])
    for number in range(int(os.environ.get("BENCH_ROUTES", "0"))):
        app.add_url_rule(f"/routes/{number}", f"route_{number}", page)
    return app


def add_large_page(app: Flask) -> None:
    """Add ``/large``, whose body takes memory."""
    app.add_url_rule("/large", "large", partial(large, bytes(LARGE_BYTES)))
