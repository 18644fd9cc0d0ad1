"""The public door without gunicorn: a Flask app on gevent's own server, in one process.

For development and for small deployments. It drains as gunicorn's worker does. The process must
have been monkey-patched, and ``serve`` must be called from its main greenlet.
"""

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from gevent import monkey
from gevent.pool import Pool

from telemetry.config import SettingError
from telemetry.http1.refusals import Refusals
from telemetry.requests.addresses import unix_notices
from telemetry.server.clients import Clients
from telemetry.server.drain import WATCHDOG_AHEAD_SECONDS, longest_shutdown_seconds
from telemetry.server.gevent_handler import ObservedServer
from telemetry.server.lifetime import serve_until_stopped
from telemetry.server.protocols import ProcessTelemetry
from telemetry.server.shutdown_signal import STOP_SIGNALS, ShutdownSignal
from telemetry.sockets import UNIX_PREFIX, PortError, arrival_notices, listen

__all__ = ["serve"]

_log = logging.getLogger("telemetry.server")


def serve(app: Callable[..., Any], telemetry: ProcessTelemetry, host: str, port: int) -> int:
    """Serve until SIGTERM, SIGINT, SIGUSR2, SIGHUP or something fatal, then drain.

    Args:
        app: The WSGI app that ``telemetry`` observes.
        telemetry: Not started yet.
        host: Interface to listen on; ``unix:`` and a path for a Unix socket.
        port: 0 lets the kernel choose; a Unix socket has none.

    Returns:
        The exit code: 0, or 1 when a request was cut, something fatal happened or a port is taken
        (then with one line on standard error).

    Raises:
        RuntimeError: The process is not monkey-patched.
    """
    if not monkey.is_module_patched("socket"):
        raise RuntimeError("serve needs gevent.monkey.patch_all() before anything else is imported")
    config = telemetry.config
    try:
        listener = listen(host, port, purpose=config.service_name, setting="its port")
    except PortError as error:
        print(error, file=sys.stderr)
        return 1
    _log_notices(listener, telemetry)
    clients = Clients(telemetry, config.connections_per_worker)
    server = _server(listener, app, telemetry, clients)
    shutdown_signal = ShutdownSignal(longest_shutdown_seconds(config) - WATCHDOG_AHEAD_SECONDS)
    before = _handle_signals(shutdown_signal, telemetry)
    try:
        return serve_until_stopped(
            telemetry,
            [server],
            clients.connections,
            shutdown_signal,
            listener_goes_away=lambda: True,
        )
    except (PortError, SettingError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutdown_signal.disarm_watchdog()
        for number, handler in before.items():
            signal.signal(number, handler)
        if host.startswith(UNIX_PREFIX):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(host.removeprefix(UNIX_PREFIX))


def _log_notices(listener: Any, telemetry: ProcessTelemetry) -> None:
    for notice in arrival_notices([listener]):
        telemetry.on_start(partial(_log.info, "%s", notice))
    for notice in unix_notices([listener], telemetry.config.trusted_proxies):
        telemetry.on_start(partial(_log.warning, "%s", notice))


def _server(
    listener: Any, app: Callable[..., Any], telemetry: ProcessTelemetry, clients: Clients
) -> ObservedServer:
    return ObservedServer(
        listener,
        app,
        clients,
        Refusals(telemetry.metrics, telemetry.config),
        telemetry.config.keepalive_seconds,
        spawn=Pool(clients.pool_size),
        log=None,
        error_log=_log,
    )


def _handle_signals(shutdown_signal: ShutdownSignal, telemetry: ProcessTelemetry) -> dict[int, Any]:
    """Install the handlers; returns those of before, by signal."""

    def dump(_number: int, _frame: FrameType | None) -> None:
        telemetry.flight.request_dump()

    def force(number: int, _frame: FrameType | None) -> None:
        shutdown_signal.force(signal.Signals(number).name)

    before = {
        int(number): signal.signal(number, shutdown_signal.on_signal) for number in STOP_SIGNALS
    }
    before[signal.SIGQUIT] = signal.signal(signal.SIGQUIT, force)
    before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, dump)
    return before
