"""The app whose requests end badly, in one process without gunicorn."""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402

from telemetry.standalone import serve  # noqa: E402
from tests.telemetry.server.apps.endings import app, telemetry  # noqa: E402

if __name__ == "__main__":
    sys.exit(serve(app, telemetry, "127.0.0.1", int(os.environ["SERENE_PORT"])))
