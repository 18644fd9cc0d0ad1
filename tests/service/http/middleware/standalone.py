"""``python -m tests.service.http.middleware.standalone``: the small app without gunicorn."""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402

from telemetry.standalone import serve  # noqa: E402
from tests.service.http.middleware.app import served  # noqa: E402

app = served()
sys.exit(serve(app, app.extensions["telemetry"], "127.0.0.1", int(os.environ["SERENE_PORT"])))
