"""The small app in a process that takes its time to exit, and lets its hub turn meanwhile."""

import atexit

import gevent

from tests.telemetry.server.apps.slow import app

__all__ = ["app"]

# Longer than the interval of the worker's heartbeats.
EXIT_SECONDS = 1.5

atexit.register(gevent.sleep, EXIT_SECONDS)
