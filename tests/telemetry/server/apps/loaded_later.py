"""The small app, which is loaded once the file exists that LOADED_WHEN names."""

import os
import time
from pathlib import Path

LOADS_SECONDS = 60.0

_deadline = time.monotonic() + LOADS_SECONDS
while not Path(os.environ["LOADED_WHEN"]).exists() and time.monotonic() < _deadline:
    time.sleep(0.02)

from tests.telemetry.server.apps.slow import app, telemetry  # noqa: E402

__all__ = ["app", "telemetry"]
