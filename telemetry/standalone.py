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
from typing import Any, Final, cast

from gevent import monkey, pywsgi
from gevent.pool import Pool
from greenlet import GreenletExit

from telemetry.config import SettingError
from telemetry.requests.addresses import unix_notices
from telemetry.server.connections import Connection, Connections, RequestWait
from telemetry.server.drain import WATCHDOG_AHEAD_SECONDS, longest_shutdown_seconds
from telemetry.server.lifetime import serve_until_stopped
from telemetry.server.protocols import ProcessTelemetry
from telemetry.server.shutdown_signal import STOP_SIGNALS, ShutdownSignal
from telemetry.sockets import UNIX_PREFIX, PortError, begin_lingering_close, listen

__all__ = ["serve"]

_log = logging.getLogger("telemetry.server")

KEEPALIVE_SECONDS: Final = 75.0
MAX_CONNECTIONS: Final = 1000


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
    _log_unix_notices(listener, telemetry)
    connections = Connections()
    server = _Server(listener, app, connections)
    shutdown_signal = ShutdownSignal(longest_shutdown_seconds(config) - WATCHDOG_AHEAD_SECONDS)
    before = _handle_signals(shutdown_signal)
    try:
        return serve_until_stopped(
            telemetry, [server], connections, shutdown_signal, listener_goes_away=lambda: True
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


def _log_unix_notices(listener: Any, telemetry: ProcessTelemetry) -> None:
    for notice in unix_notices([listener], telemetry.config.trusted_proxies):
        telemetry.on_start(partial(_log.warning, "%s", notice))


def _handle_signals(shutdown_signal: ShutdownSignal) -> dict[int, Any]:
    """Install the handlers; returns those of before, by signal."""

    def force(number: int, _frame: FrameType | None) -> None:
        shutdown_signal.force(signal.Signals(number).name)

    before = {
        int(number): signal.signal(number, shutdown_signal.on_signal) for number in STOP_SIGNALS
    }
    before[signal.SIGQUIT] = signal.signal(signal.SIGQUIT, force)
    return before


class _Server(pywsgi.WSGIServer):
    """gevent's server, which registers its connections."""

    def __init__(self, listener: Any, app: Callable[..., Any], connections: Connections) -> None:
        error_log = logging.getLogger("telemetry.server")
        super().__init__(
            listener,
            app,
            spawn=Pool(MAX_CONNECTIONS),
            log=None,
            error_log=error_log,
            handler_class=_Handler,
        )
        self.connections = connections


class _Handler(pywsgi.WSGIHandler):
    """Serves one connection, and marks when it waits."""

    def handle(self) -> None:
        with cast(_Server, self.server).connections.opened(self.socket):
            super().handle()

    def read_requestline(self) -> str:
        with self._waiting():
            return super().read_requestline()
        return ""

    def read_request(self, raw_requestline: str) -> Any:
        with self._waiting():
            return super().read_request(raw_requestline)
        return False

    def handle_one_response(self) -> None:
        with self._connection.busy(self._close_after_response):
            super().handle_one_response()

    def run_application(self) -> None:
        super().run_application()
        body: Any = self.wsgi_input
        self.close_connection = self.close_connection or (
            body.chunked_input and (self.code or 0) >= 400
        )
        if self.close_connection and (
            body.chunked_input or body.position < (body.content_length or 0)
        ):
            # gevent would read what is left of the body to its end, and there may be none.
            body.chunked_input, body.content_length = False, 0
            begin_lingering_close(self.socket)

    def handle_error(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: Any
    ) -> None:
        if isinstance(value, GreenletExit):
            self._close_after_response()
        super().handle_error(kind, value, traceback)

    @property
    def _connection(self) -> Connection:
        return cast(_Server, self.server).connections.current

    def _waiting(self) -> RequestWait:
        return RequestWait(self._connection, KEEPALIVE_SECONDS)

    def _close_after_response(self) -> None:
        self.close_connection = True
