"""A Flask app on gevent's own server, in one process without gunicorn: for development and for
small deployments.

It drains as the worker does. The process must have been monkey-patched, and ``serve`` must be
called from its main greenlet.
"""

import logging
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, cast

from gevent import monkey, pywsgi
from gevent.pool import Pool
from greenlet import GreenletExit

from telemetry.config import SettingError
from telemetry.server.connections import Connection, Connections, Waiting
from telemetry.server.drain import WATCHDOG_AHEAD_SECONDS, longest_seconds
from telemetry.server.lifetime import serve_until_stopped
from telemetry.server.lingering_close import linger
from telemetry.server.requirements import Observed
from telemetry.server.shutdown_signal import STOP_SIGNALS, Stop
from telemetry.server.sockets import PortError, listen

KEEPALIVE_SECONDS: Final = 75.0
CONNECTIONS: Final = 1000


def serve(app: Callable[..., Any], telemetry: Observed, host: str, port: int) -> int:
    """Serve until SIGTERM, SIGINT, SIGUSR2, SIGHUP or something fatal, then drain.

    Args:
        app: The WSGI app that ``telemetry`` observes.
        telemetry: Not started yet.
        host: Interface to listen on.
        port: 0 lets the kernel choose.

    Returns:
        The exit code: 0, or 1 when a request was cut, something fatal happened or a port is taken
        (one line says so).

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
    connections = Connections()
    server = _Server(listener, app, connections)
    stop = Stop(
        longest_seconds(config.drain_delay_seconds, config.drain_timeout_seconds)
        - WATCHDOG_AHEAD_SECONDS
    )
    before = _handle_signals(stop)
    try:
        return serve_until_stopped(
            telemetry, [server], connections, stop, listener_goes_away=lambda: True
        )
    except (PortError, SettingError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stop.disarm()
        for number, handler in before.items():
            signal.signal(number, handler)


def _handle_signals(stop: Stop) -> dict[int, Any]:
    def force(number: int, _frame: FrameType | None) -> None:
        stop.force(signal.Signals(number).name)

    before = {int(number): signal.signal(number, stop.on_signal) for number in STOP_SIGNALS}
    before[signal.SIGQUIT] = signal.signal(signal.SIGQUIT, force)
    return before


class _Server(pywsgi.WSGIServer):
    """gevent's server, with its connections known."""

    def __init__(self, listener: Any, app: Callable[..., Any], connections: Connections) -> None:
        error_log = logging.getLogger("telemetry.server")
        super().__init__(
            listener,
            app,
            spawn=Pool(CONNECTIONS),
            log=None,
            error_log=error_log,
            handler_class=_Handler,
        )
        self.connections = connections


class _Handler(pywsgi.WSGIHandler):
    """Serves one connection, and says when it waits."""

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
            linger(self.socket)

    def handle_error(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: Any
    ) -> None:
        if isinstance(value, GreenletExit):
            self._close_after_response()
        super().handle_error(kind, value, traceback)

    @property
    def _connection(self) -> Connection:
        return cast(_Server, self.server).connections.current

    def _waiting(self) -> Waiting:
        return Waiting(self._connection, KEEPALIVE_SECONDS)

    def _close_after_response(self) -> None:
        self.close_connection = True
