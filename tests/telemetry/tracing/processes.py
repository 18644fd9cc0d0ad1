"""Runs a script in a process of its own, with what tests of tracing need imported."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[3]

PREAMBLE = """
    import gevent, os, threading, time
    from telemetry.config import TelemetryConfig
    from telemetry.guard import Guard
    from telemetry.metrics import Metrics
    from telemetry.names import SPANS_DROPPED
    from telemetry.tracing import Tracing
    from tests.telemetry.tracing import peers
    from tests.telemetry.tracing.collector import Collector, peer
    from tests.support.ports import free_port

    def tracing_of(**settings):
        metrics = Metrics()
        return Tracing(TelemetryConfig(**settings), metrics, Guard(strict=True, on_error=print))
"""


def run(script, *, before="", preamble=PREAMBLE, env=None):
    """Run a script in a process of its own; what it prints."""
    code = textwrap.dedent(before) + textwrap.dedent(preamble) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | (env or {}),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


PATCH = "from gevent import monkey; monkey.patch_all()"
