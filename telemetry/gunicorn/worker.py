"""gunicorn's gevent worker, made to drain.

The stock one loses requests to SIGINT, SIGQUIT, SIGUSR2 and SIGHUP, waits for idle connections, and
does not log the requests that it cuts. This one turns every request to stop into the one drain, and
records which connections wait for a request.
"""

import contextlib
import faulthandler
import logging
import os
import signal
import socket
import sys
import traceback
from functools import partial
from types import FrameType
from typing import Any, Final

import gevent
from gevent import monkey
from gevent.pool import Pool
from gevent.server import StreamServer
from greenlet import GreenletExit
from gunicorn import http
from gunicorn.http import wsgi
from gunicorn.workers.ggevent import GeventWorker

from telemetry import names
from telemetry.config import SettingError
from telemetry.gunicorn import hooks, proxy_settings
from telemetry.gunicorn.exchange import (
    ListenerAddress,
    end_connection,
    has_body,
    offer_socket,
    respond,
)
from telemetry.gunicorn.expect_continue import CONTINUE, ExpectContinueBody
from telemetry.gunicorn.request import StrictParser, broken_rule
from telemetry.gunicorn.worker_state import WorkerState
from telemetry.http1 import rules
from telemetry.http1.refusals import Refusals, problem_response
from telemetry.http1.rules import BrokenRule
from telemetry.requests.addresses import socket_peer_address
from telemetry.requests.record import current_record
from telemetry.server.connections import Connections, RequestWait
from telemetry.server.drain import WATCHDOG_AHEAD_SECONDS
from telemetry.server.handover import ended_by_app
from telemetry.server.lifetime import serve_until_stopped
from telemetry.server.protocols import ProcessTelemetry
from telemetry.server.shutdown_signal import HELD_SIGNALS, STOP_SIGNALS, ShutdownSignal
from telemetry.sockets import begin_lingering_close

# A peer that takes or sends nothing for so long no longer occupies its greenlet.
STALLED_PEER_SECONDS: Final = 60.0
# The arbiter halts the whole service on 3 when a worker cannot start; a worker that served never
# uses it, or 4.
BOOT_FAILED: Final = 3
HEARTBEAT_SECONDS: Final = 1.0
# For the native thread that writes the log, which needs the GIL for a moment.
LAST_LINE_SECONDS: Final = 0.3

_log = logging.getLogger("telemetry.lifecycle")


class DrainingWorker(GeventWorker):  # type: ignore[misc]
    """Serves a Flask app whose ``extensions["telemetry"]`` observes it.

    The configuration needs every hook of ``telemetry.gunicorn``; they set ``state``.
    """

    state: WorkerState
    shutdown_signal: ShutdownSignal
    telemetry: ProcessTelemetry

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

    def init_process(self) -> None:
        """Patch, load and serve.

        A failure after a request to stop is exit code 1, never one that halts the arbiter.
        """
        self.connections = Connections()
        http.RequestParser = StrictParser
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
        self.telemetry = self.wsgi.extensions["telemetry"]
        self._refusals = Refusals(self.telemetry.metrics, self.telemetry.config)
        proxy_settings.install(self)

    def run(self) -> None:
        """Serve until the drain is over, then exit."""
        gevent.spawn(self._send_heartbeats)
        code = serve_until_stopped(
            self.telemetry,
            [self._server(listener) for listener in self.sockets],
            self.connections,
            self.shutdown_signal,
            listener_goes_away=lambda: self.state.role == "last" or self._is_orphaned(),
            before_drain=self._release_slot,
        )
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

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection."""
        with self.connections.opened(client):
            # The name that a peer on a Unix socket has bound is its own choice, and may be written
            # like an address.
            super().handle(listener, client, addr if isinstance(addr, tuple) else "")

    def timeout_ctx(self) -> RequestWait:
        """Return the context of a wait for a request.

        Its time is also the deadline of the request's headers.
        """
        return RequestWait(self.connections.current, self.cfg.keepalive)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer one request.

        Raises:
            StopIteration: It was the connection's last.
            OSError: The client is gone.
        """
        # gunicorn would ask for the body before the app has decided whether to read it.
        expects_continue, req._expected_100_continue = req._expected_100_continue, False
        response, environ = wsgi.create(req, sock, addr, listener_name, self.cfg)
        environ["wsgi.multithread"] = True
        handover = offer_socket(response, environ, sock)
        response.version = self.telemetry.config.service_name
        if expects_continue and has_body(environ):
            environ["wsgi.input"] = ExpectContinueBody(req.body, partial(sock.sendall, CONTINUE))
        self._count_request()
        if self.telemetry.lifecycle.draining or not self.cfg.keepalive:
            response.force_close()
        with self.connections.current.busy(partial(end_connection, response, handover, sock)):
            sock.settimeout(STALLED_PEER_SECONDS)
            try:
                respond(self.wsgi, response, environ)
            except TimeoutError as error:
                raise StopIteration from error
            except BaseException as error:
                if not ended_by_app(environ, error, started=response.status is not None):
                    self._end_failed(response, environ, sock, error)
                raise StopIteration from error
            if handover.taken or response.status is None:
                raise StopIteration
            sock.settimeout(None)
        if response.should_close():
            if has_body(environ):
                begin_lingering_close(sock)
            raise StopIteration

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be parsed; gunicorn's own answer is never sent.

        A connection that is killed while it waits gets no response.
        """
        if isinstance(exc, GreenletExit):
            return
        rule = broken_rule(exc)
        if rule is None:
            _report_uncaught(exc)
            rule = rules.SERVER_FAILED
        with contextlib.suppress(OSError):
            client.sendall(self._refusals.refuse(rule, socket_peer_address(addr)))
            begin_lingering_close(client)

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

    def _end_failed(
        self, response: Any, environ: dict[str, Any], sock: Any, error: BaseException
    ) -> None:
        """Answer for an app that raised or was killed, as far as that is still possible.

        Raises:
            OSError: The client is gone.
        """
        rule = error.rule if isinstance(error, BrokenRule) else rules.SERVER_FAILED
        if rule is rules.SERVER_FAILED:
            if isinstance(error, OSError):
                raise error
            if not isinstance(error, GreenletExit):
                _report_uncaught(error)
        if response.headers_sent:
            # A second status line would be taken for part of the body; a reset shows that the rest
            # is missing.
            sock.shutdown(socket.SHUT_RDWR)
            return
        sock.sendall(problem_response(rule, environ.get(names.REQUEST_ID_ENVIRON, "")))
        if rule is not rules.SERVER_FAILED:
            begin_lingering_close(sock)

    def _server(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        server = StreamServer(
            listener,
            handle=partial(self.handle, ListenerAddress(listener)),
            spawn=Pool(self.worker_connections),
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

    def _count_request(self) -> None:
        self.nr += 1
        if self.nr >= self.max_requests:
            self.telemetry.lifecycle.drain("max_requests")


def _report_uncaught(error: BaseException) -> None:
    gevent.get_hub().handle_error(gevent.getcurrent(), type(error), error, error.__traceback__)
