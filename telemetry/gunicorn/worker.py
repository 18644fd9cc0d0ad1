"""gunicorn's gevent worker, made to drain.

The stock one loses requests to SIGINT, SIGQUIT, SIGUSR2 and SIGHUP, waits for idle connections, and
does not log the requests that it cuts. This one turns every request to stop into the one drain, and
records which connections wait for a request.
"""

import faulthandler
import logging
import os
import signal
import sys
import traceback
from functools import partial
from types import FrameType
from typing import Any, Final

import gevent
from gevent import monkey
from gevent.pool import Pool
from gevent.server import StreamServer

from telemetry.config import SettingError
from telemetry.gunicorn import hooks, proxy_settings
from telemetry.gunicorn.connection_worker import ConnectionWorker
from telemetry.gunicorn.worker_state import WorkerState
from telemetry.phases import stamp_notifications
from telemetry.requests.record import current_record
from telemetry.server.drain import WATCHDOG_AHEAD_SECONDS
from telemetry.server.lifetime import serve_until_stopped
from telemetry.server.shutdown_signal import HELD_SIGNALS, STOP_SIGNALS, ShutdownSignal

# The arbiter halts the whole service on 3 when a worker cannot start; a worker that served never
# uses it, or 4.
BOOT_FAILED: Final = 3
HEARTBEAT_SECONDS: Final = 1.0
# For the native thread that writes the log, which needs the GIL for a moment.
LAST_LINE_SECONDS: Final = 0.3

_log = logging.getLogger("telemetry.lifecycle")


class ListenerAddress:
    """Stands in for a listener, which is closed while requests still ask for its address."""

    def __init__(self, listener: Any) -> None:
        self._address = listener.getsockname()

    def getsockname(self) -> Any:
        """Return the address as of before the close."""
        return self._address


class ListeningServer(StreamServer):
    """Listens when it starts, by then with the app loaded; the arbiter only binds.

    Args:
        backlog: Of the kernel's queue.
    """

    def __init__(self, listener: Any, *, backlog: int, **options: Any) -> None:
        super().__init__(listener, **options)
        self._listener_backlog = backlog

    def start(self) -> None:
        """Listen, unless a sibling does already, and begin to accept."""
        self.socket.listen(self._listener_backlog)
        super().start()


class DrainingWorker(ConnectionWorker):
    """Serves a Flask app whose ``extensions["telemetry"]`` observes it.

    The configuration needs every hook of ``telemetry.gunicorn``; they set ``state``.
    """

    state: WorkerState
    shutdown_signal: ShutdownSignal

    @classmethod
    def check_config(cls, cfg: Any, _logger: Any) -> None:
        """Check the configuration; called by the arbiter before it forks.

        Raises:
            RuntimeError: The configuration cannot work; gunicorn prints the text and exits with 1.
        """
        missing = [name for name in hooks.HOOKS if getattr(cfg, name) is not getattr(hooks, name)]
        if missing:
            raise RuntimeError(
                f"DrainingWorker needs these hooks of telemetry.gunicorn: {', '.join(missing)}"
            )
        if cfg.is_ssl:
            raise RuntimeError("DrainingWorker supports no TLS; end it at the proxy")

    def patch(self) -> None:
        """Patch the process; its hub is made after that."""
        stamp_notifications()
        super().patch()

    def init_process(self) -> None:
        """Patch, load and serve.

        A failure after a request to stop is exit code 1, never one that halts the arbiter.
        """
        try:
            super().init_process()
        except Exception:
            if not self.booted and not self.shutdown_signal.reason:
                raise
            self.log.exception("worker failed")
            sys.exit(1)

    def init_signals(self) -> None:
        """Make every stopping signal a request to drain, those since the fork included."""
        self.shutdown_signal = ShutdownSignal(self.cfg.graceful_timeout - WATCHDOG_AHEAD_SECONDS)
        for number in STOP_SIGNALS:
            signal.signal(number, self.shutdown_signal.on_signal)
        signal.signal(signal.SIGQUIT, self.handle_quit)
        signal.signal(signal.SIGABRT, self.handle_abort)
        signal.signal(signal.SIGUSR1, self.handle_usr1)
        signal.signal(signal.SIGWINCH, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_SIGNALS)

    def load_wsgi(self) -> None:
        """Import the app; a bad setting is one line."""
        try:
            super().load_wsgi()
        except SettingError as error:
            self.log.critical("%s", error)
            sys.exit(BOOT_FAILED)
        proxy_settings.install(self)

    def run(self) -> None:
        """Serve until the drain is over, then exit."""
        heartbeats = gevent.spawn(self._send_heartbeats)
        try:
            code = serve_until_stopped(
                self.telemetry,
                [self._server(listener) for listener in self.sockets],
                self.clients.connections,
                self.shutdown_signal,
                listener_goes_away=lambda: self.state.role == "last" or self._is_orphaned(),
                before_drain=self._release_slot,
            )
        finally:
            # The arbiter's code closes their file before the interpreter, which may still turn the
            # hub, has ended.
            heartbeats.kill()
            for listener in self.sockets:
                listener.close()
        if code == 0:
            self.state.mark_clean_exit()
        sys.exit(code)

    def notify(self) -> None:
        """Show the arbiter that the hub turns.

        Without an arbiter no other process would stop this one later, so it drains.
        """
        self.tmp.notify()
        if self._is_orphaned():
            self.shutdown_signal.request("the arbiter is gone")
        if not self.alive:
            self.shutdown_signal.request("reload")

    def handle_quit(self, _sig: int, _frame: FrameType | None) -> None:
        """Stop at once, cutting what is in flight (SIGQUIT)."""
        self.shutdown_signal.force("SIGQUIT")

    def handle_abort(self, _sig: int, frame: FrameType | None) -> None:
        """Log what holds the hub, and exit (SIGABRT).

        The arbiter has had no heartbeat for ``timeout``, and sends SIGKILL next.
        """
        faulthandler.dump_traceback_later(1, exit=True, file=2)
        record = current_record()
        stack = "".join(traceback.format_stack(frame))
        _log.critical(
            "hub blocked for longer than the worker's time-out",
            extra={"request": record, "fields": {"stack": stack}},
        )
        monkey.get_original("time", "sleep")(LAST_LINE_SECONDS)
        os._exit(1)

    def handle_usr1(self, sig: int, frame: FrameType | None) -> None:
        """Reopen gunicorn's log files, and write what goes on into the log (SIGUSR1)."""
        super().handle_usr1(sig, frame)
        if self.booted:
            self.telemetry.flight.request_dump()

    def _server(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        server = ListeningServer(
            listener,
            backlog=self.cfg.backlog,
            handle=partial(self.handle, ListenerAddress(listener)),
            spawn=Pool(self.clients.pool_size),
        )
        if self.cfg.workers > 1:
            server.max_accept = 1
        return server

    def _send_heartbeats(self) -> None:
        while True:
            self.notify()
            gevent.sleep(HEARTBEAT_SECONDS)

    def _is_orphaned(self) -> bool:
        return bool(self.ppid != os.getppid())

    def _release_slot(self) -> None:
        if self.state.role == "retired":
            self.telemetry.management.stop()

    def on_request(self) -> None:
        """Count a request that begins; the one at ``max_requests`` begins the drain."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.telemetry.lifecycle.drain("max_requests")
