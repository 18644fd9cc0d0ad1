"""How gunicorn runs the service: ``gunicorn -c service/gunicorn_conf.py service.wsgi:app``.

Everything comes from the environment; a setting that cannot be used is one line on standard error
and exit code 1. gunicorn reads the names below; see its configuration reference for what they mean.
"""

import math
import os
import sys

from service.server_settings import ServerSettings
from telemetry import SettingError, TelemetryConfig
from telemetry.gunicorn import (
    child_exit,
    longest_shutdown_seconds,
    on_exit,
    on_reload,
    on_starting,
    post_fork,
    pre_fork,
)

__all__ = ["child_exit", "on_exit", "on_reload", "on_starting", "post_fork", "pre_fork"]

try:
    _server = ServerSettings.from_env(os.environ)
    _telemetry = TelemetryConfig.from_env(os.environ)
except SettingError as error:
    sys.exit(str(error))

bind = _server.bind
workers = _server.workers
worker_class = "telemetry.gunicorn.DrainingWorker"
worker_connections = _telemetry.connections_per_worker
keepalive = math.ceil(_telemetry.keepalive_seconds)
# A hub that has not turned for so long is stuck; the arbiter ends it, with its stack in the log.
timeout = 30
graceful_timeout = math.ceil(longest_shutdown_seconds(_telemetry))
# The access log is telemetry's own JSON line.
accesslog = None
errorlog = "-"
logger_class = "telemetry.gunicorn.JsonLogger"
# It would run an event loop in a thread of the process that forks.
control_socket_disable = True
