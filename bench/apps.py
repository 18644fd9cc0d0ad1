"""One small app, bare or observed, for ``bench.cost``.

The variable BENCH_APP selects which, because gunicorn imports the app by its module's name.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402

import gevent  # noqa: E402
from flask import Flask, request  # noqa: E402

from telemetry import Telemetry  # noqa: E402

LARGE = bytes(16 * 1024**2)


def hello() -> dict[str, str]:
    """Answer after one switch of greenlets, as after a request to a database."""
    gevent.sleep(0)
    return {"hello": "world"}


def read() -> dict[str, int]:
    """Read the whole body."""
    return {"bytes": len(request.get_data())}


def large() -> bytes:
    """Answer with more than the kernel takes for a client that does not read."""
    return LARGE


def _app() -> Flask:
    app = Flask("bench")
    app.add_url_rule("/hello", view_func=hello)
    app.add_url_rule("/read", view_func=read, methods=["POST"])
    app.add_url_rule("/large", view_func=large)
    return app


if os.environ.get("BENCH_APP") == "observed":
    app = _app()
    Telemetry.from_env().init_app(app)
else:
    app = _app()
