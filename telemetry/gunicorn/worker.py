"""gunicorn's gevent worker, made to drain.

The stock one loses requests to SIGINT, SIGQUIT, SIGUSR2 and SIGHUP, waits for idle connections, and
says nothing of what it cuts. This one turns every wish to stop into the one drain, and keeps track
of which connections wait for a request.
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
from http import HTTPStatus
from types import FrameType
from typing import Any, Final
from uuid import uuid4

import gevent
from gevent import monkey
from gevent.pool import Pool
from gevent.server import StreamServer
from greenlet import GreenletExit
from gunicorn.http import wsgi
from gunicorn.workers.ggevent import GeventWorker

from telemetry import names
from telemetry.config import SettingError
from telemetry.gunicorn import hooks
from telemetry.gunicorn.worker_state import Ticket
from telemetry.requests.record import current_record
from telemetry.server.connections import Connections, Waiting
from telemetry.server.drain import WATCHDOG_AHEAD_SECONDS
from telemetry.server.error_responses import GAVE_UP, problem, refusal_of
from telemetry.server.lifetime import serve_until_stopped
from telemetry.server.lingering_close import CONTINUE, AskedFor, linger
from telemetry.server.requirements import Observed
from telemetry.server.shutdown_signal import HELD_SIGNALS, STOP_SIGNALS, Stop

# A peer that takes or sends nothing for so long holds its greenlet no longer.
STALLED_PEER_SECONDS: Final = 60.0
# The arbiter halts the whole service on 3 when a worker cannot start; a worker that served never
# uses it, or 4.
BOOT_FAILED: Final = 3

LAST_WORDS_SECONDS: Final = 0.3

_log = logging.getLogger("telemetry.lifecycle")
_requests = logging.getLogger("access")


class _Address:
    """Stands in for the listener, which is closed while requests still ask for its name."""

    def __init__(self, listener: socket.socket) -> None:
        self._name = listener.getsockname()

    def getsockname(self) -> Any:
        return self._name


def _has_body(environ: dict[str, Any]) -> bool:
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def _start(
    response: Any,
    environ: dict[str, Any],
    status: str,
    headers: list[tuple[str, str]],
    *exc_info: Any,
) -> Any:
    body = environ["wsgi.input"]
    # A client that was not told to send its body may send it, or its next request: nobody can know.
    unasked = isinstance(body, AskedFor) and not body.wanted
    # To find the next request behind a refused body we would have to read a body that may have no
    # end.
    endless = "HTTP_TRANSFER_ENCODING" in environ and status >= "4"
    # gunicorn drops this header of an app.
    wished = any(
        name.lower() == "connection" and value.lower() == "close" for name, value in headers
    )
    if unasked or endless or wished:
        response.force_close()
    return response.start_response(status, headers, *exc_info)


class DrainingWorker(GeventWorker):  # type: ignore[misc]
    """Serves a Flask app whose ``extensions["telemetry"]`` observes it.

    The configuration needs every hook of ``telemetry.gunicorn.hooks``; they set ``ticket``.
    """

    ticket: Ticket
    stop: Stop
    telemetry: Observed

    @classmethod
    def check_config(cls, cfg: Any, _logger: Any) -> None:
        """Called by the arbiter before it forks.

        Raises:
            RuntimeError: The configuration cannot work; gunicorn prints the text and exits with 1.
        """
        missing = [name for name in hooks.HOOKS if getattr(cfg, name) is not getattr(hooks, name)]
        if missing:
            raise RuntimeError(
                f"DrainingWorker needs these hooks of telemetry.gunicorn.hooks: {', '.join(missing)}"
            )
        if cfg.is_ssl:
            raise RuntimeError("DrainingWorker speaks no TLS; end it at the proxy")

    def init_process(self) -> None:
        """Patch, load and serve; a failure after a wish to stop is exit code 1, never one that
        halts the arbiter.
        """
        self.connections = Connections()
        try:
            super().init_process()
        except Exception:
            if not self.booted and not self.stop.reason:
                raise
            self.log.exception("worker failed")
            sys.exit(1)

    def init_signals(self) -> None:
        """Every stopping signal is a wish to drain; those that came since the fork count too."""
        self.stop = Stop(self.cfg.graceful_timeout - WATCHDOG_AHEAD_SECONDS)
        for number in STOP_SIGNALS:
            signal.signal(number, self.stop.on_signal)
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
        self._unreadable = self.telemetry.metrics.counters(names.UNREADABLE_REQUESTS)

    def run(self) -> None:
        """Serve until the drain is over, then exit."""
        gevent.spawn(self._beat)
        code = serve_until_stopped(
            self.telemetry,
            [self._server(listener) for listener in self.sockets],
            self.connections,
            self.stop,
            listener_goes_away=lambda: self.ticket.fate == "last" or self._orphaned(),
            before_drain=self._leave_slot,
        )
        if code == 0:
            self.ticket.end_clean()
        sys.exit(code)

    def notify(self) -> None:
        """Tell the arbiter that the hub turns; without an arbiter there is nobody to stop us later,
        so drain.
        """
        self.tmp.notify()
        if self._orphaned():
            self.stop.ask("the arbiter is gone")
        if not self.alive:
            self.stop.ask("reload")

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection."""
        with self.connections.opened(client):
            super().handle(listener, client, addr)

    def timeout_ctx(self) -> Waiting:
        """Around each wait for a request; its time is also the deadline of the request's headers."""
        return Waiting(self.connections.current, self.cfg.keepalive)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer one request.

        Raises:
            StopIteration: It was the connection's last.
            OSError: The client is gone.
        """
        # gunicorn would tell a client to send its body before anybody knows whether it is wanted.
        asks, req._expected_100_continue = req._expected_100_continue, False
        response, environ = wsgi.create(req, sock, addr, listener_name, self.cfg)
        environ["wsgi.multithread"] = True
        response.version = self.telemetry.config.service_name
        if asks:
            environ["wsgi.input"] = AskedFor(req.body, partial(sock.sendall, CONTINUE))
        self._count_request()
        if self.telemetry.lifecycle.draining or not self.cfg.keepalive:
            response.force_close()
        with self.connections.current.busy(response.force_close):
            sock.settimeout(STALLED_PEER_SECONDS)
            try:
                self._respond(response, environ)
            except TimeoutError as error:
                raise StopIteration from error
            except OSError:
                raise
            except BaseException as error:
                self._give_up(response, sock, environ.get(names.REQUEST_ID_ENVIRON, ""), error)
                raise StopIteration from error
            sock.settimeout(None)
        if response.should_close():
            if _has_body(environ):
                linger(sock)
            raise StopIteration

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what could not be understood; a connection that is killed while it waits is owed
        nothing.
        """
        if isinstance(exc, GreenletExit):
            return
        refusal = refusal_of(exc)
        if refusal is None:
            super().handle_error(req, client, addr, exc)
        else:
            self._refuse(client, addr, *refusal)

    def handle_quit(self, _sig: int, _frame: FrameType | None) -> None:
        """SIGQUIT: somebody has lost patience."""
        self.stop.force("SIGQUIT")

    def handle_abort(self, _sig: int, frame: FrameType | None) -> None:
        """The arbiter has not heard of us for ``timeout``: say what holds the hub, and end before
        SIGKILL does.
        """
        faulthandler.dump_traceback_later(1, exit=True, file=2)
        record = current_record()
        stack = "".join(traceback.format_stack(frame))
        _log.critical(
            "hub blocked for longer than the worker's time-out",
            extra={"request": record, "fields": {"stack": stack}},
        )
        # The log is written by a native thread, which needs the GIL for a moment.
        monkey.get_original("time", "sleep")(LAST_WORDS_SECONDS)
        os._exit(1)

    def _respond(self, response: Any, environ: dict[str, Any]) -> None:
        body = self.wsgi(environ, partial(_start, response, environ))
        try:
            for chunk in body:
                response.write(chunk)
            response.close()
        finally:
            if hasattr(body, "close"):
                body.close()

    def _refuse(self, client: Any, addr: Any, status: HTTPStatus, detail: str) -> None:
        """No app will see it: answered, counted, and told in a line that holds nothing of what
        came.
        """
        request_id = str(uuid4()) if self.telemetry.config.request_id else ""
        self._unreadable[(str(status.value),)].inc()
        fields = {
            "status": status.value,
            "request_id": request_id,
            "client_address": addr[0] if addr else "",
        }
        _requests.info("request refused before it was read", extra={"fields": fields})
        with contextlib.suppress(OSError):
            client.sendall(problem(status, detail, request_id))
            linger(client)

    def _give_up(self, response: Any, sock: Any, request_id: str, error: BaseException) -> None:
        """The app raised or its greenlet was killed: tell the client, if that is still possible,
        and nobody twice.
        """
        if not isinstance(error, GreenletExit):
            gevent.get_hub().handle_error(
                gevent.getcurrent(), type(error), error, error.__traceback__
            )
        if response.headers_sent:
            # A second status line would look like part of the body; a reset tells that the rest is
            # missing.
            sock.shutdown(socket.SHUT_RDWR)
        else:
            sock.sendall(problem(HTTPStatus.INTERNAL_SERVER_ERROR, GAVE_UP, request_id))

    def _server(self, listener: Any) -> StreamServer:
        listener.setblocking(True)
        server = StreamServer(
            listener,
            handle=partial(self.handle, _Address(listener)),
            spawn=Pool(self.worker_connections),
        )
        if self.cfg.workers > 1:
            server.max_accept = 1
        return server

    def _beat(self) -> None:
        while True:
            self.notify()
            gevent.sleep(1.0)

    def _orphaned(self) -> bool:
        return bool(self.ppid != os.getppid())

    def _leave_slot(self) -> None:
        if self.ticket.fate == "retired":
            self.telemetry.management.stop()

    def _count_request(self) -> None:
        self.nr += 1
        if self.nr >= self.max_requests:
            self.telemetry.lifecycle.drain("max_requests")
