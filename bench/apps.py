"""One small app, bare or observed, for ``bench.cost``.

The variable BENCH_APP selects which, because gunicorn imports the app by its module's name.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402

import gevent  # noqa: E402
from flask import Flask  # noqa: E402

from telemetry import Telemetry  # noqa: E402


def hello() -> dict[str, str]:
    """Answer after one switch of greenlets, as after a request to a database."""
    gevent.sleep(0)
    return {"hello": "world"}


def _app() -> Flask:
    app = Flask("bench")
    app.add_url_rule("/hello", view_func=hello)
    return app


if os.environ.get("BENCH_APP") == "observed":
    app = _app()
    Telemetry.from_env().init_app(app)
else:
    app = _app()
