"""The service with routes that do harm inside of a worker, for the tests of the boards."""

import logging
import os
import time

from telemetry import Telemetry
from telemetry.native import sleep
from tests.e2e.app import app

telemetry: Telemetry = app.extensions["telemetry"]


@app.get("/test/hold/<float:seconds>")
def hold(seconds: float) -> dict[str, float]:
    """Compute for so long, without a pause: all others of the worker wait."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return {"held_seconds": seconds}


@app.get("/test/block/<float:seconds>")
def block(seconds: float) -> dict[str, float]:
    """Sleep in the kernel for so long: all others of the worker wait, and no processor works."""
    sleep(seconds)
    return {"blocked_seconds": seconds}


@app.post("/test/telemetry-error")
def break_telemetry() -> dict[str, str]:
    """Let telemetry catch an exception of its own."""
    with telemetry.guard.at("test"):
        raise ValueError("raised inside of telemetry")
    return {"caught": "one"}


@app.post("/test/full-disk")
def fill_disk() -> dict[str, str]:
    """Write a log line while the log's output has no space left."""
    output = telemetry.logs.writer._output._fd
    kept, full = os.dup(output), os.open("/dev/full", os.O_WRONLY)
    try:
        os.dup2(full, output)
        logging.getLogger("tests").warning("a line that is lost")
        time.sleep(1)
    finally:
        os.dup2(kept, output)
        os.close(kept)
        os.close(full)
    return {"lost": "one"}
