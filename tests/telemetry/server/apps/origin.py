"""A small app that returns where each request comes from, as the app itself reads it.

As a module of its own it is served without gunicorn, at ``SERENE_HOST``.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402

from flask import Flask, jsonify, request, url_for  # noqa: E402

from telemetry import Telemetry  # noqa: E402
from telemetry.standalone import serve  # noqa: E402

app = Flask(__name__)
telemetry = Telemetry.from_env()
telemetry.init_app(app)


@app.get("/who")
def who():
    return jsonify(pid=os.getpid(), port=telemetry.management.port)


@app.get("/origin")
def origin():
    return jsonify(
        address=request.remote_addr, url=url_for("origin", _external=True), path=url_for("origin")
    )


if __name__ == "__main__":
    sys.exit(serve(app, telemetry, os.environ["SERENE_HOST"], int(os.environ["SERENE_PORT"])))
