"""One connection of gunicorn's worker: its requests, and how each exchange ends.

Whatever the client does ends here. It is answered while it can be, counted and logged; it raises no
exception in the hub, and decides no exit code.
"""

import contextlib
import socket
from functools import cached_property, partial
from typing import Any

import gevent
from greenlet import GreenletExit
from gunicorn import http
from gunicorn.http import wsgi
from gunicorn.workers.ggevent import GeventWorker

from telemetry.environ_keys import REQUEST_ID_ENVIRON
from telemetry.gunicorn.exchange import (
    discard_rest,
    end_connection,
    has_body,
    has_received,
    offer_socket,
    respond,
)
from telemetry.gunicorn.expect_continue import CONTINUE, ExpectContinueBody
from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.gunicorn.request import StrictParser, broken_rule
from telemetry.http1 import rules
from telemetry.http1.refusals import Refusals, problem_response
from telemetry.http1.rules import BrokenRule
from telemetry.requests.addresses import socket_peer_address
from telemetry.server.client_pace import ClientGone, ClientTooSlow
from telemetry.server.client_socket import ClientSocket
from telemetry.server.clients import Clients
from telemetry.server.connections import Connection, RequestWait
from telemetry.server.handover import ended_by_app
from telemetry.server.protocols import ProcessTelemetry
from telemetry.sockets import begin_lingering_close


class ConnectionWorker(GeventWorker):  # type: ignore[misc]
    """The part of the worker that serves connections; set up by ``load_wsgi``."""

    telemetry: ProcessTelemetry
    clients: Clients

    def load_wsgi(self) -> None:
        """Import the app, whose ``extensions["telemetry"]`` observes it."""
        super().load_wsgi()
        self.telemetry = self.wsgi.extensions["telemetry"]
        self.clients = Clients(self.telemetry, self.worker_connections)
        self._refusals = Refusals(self.telemetry.metrics, self.telemetry.config)

    @cached_property
    def _parser_settings(self) -> ParserSettings:
        return ParserSettings(self.cfg)

    def on_request(self) -> None:
        """Count a request that begins."""

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection.

        Not gunicorn's own loop: that one takes an error of the client's connection for one of ours
        (a traceback for each ``ETIMEDOUT``), and one of the app's for the client's.
        """
        with self.clients.serving(client, addr) as connection:
            if connection is None:
                return
            # The name that a peer on a Unix socket has bound is its own choice, and may be written
            # like an address.
            addr = addr if isinstance(addr, tuple) else ""
            parser = StrictParser(self._parser_settings, connection.client, addr)
            req = None
            try:
                while req := self._next_request(parser, connection):
                    self.handle_request(listener.getsockname(), req, connection.client, addr)
            except (StopIteration, http.errors.NoMoreData, ClientGone):
                return
            except BaseException as error:
                self.handle_error(req, connection.client, addr, error)

    def _next_request(self, parser: Any, connection: Connection) -> Any:
        """Parse one request; ``None`` when the connection has been idle for too long."""
        idle_seconds = self.cfg.keepalive or self.telemetry.config.keepalive_seconds
        before = parser.mesg
        with RequestWait(connection, idle_seconds, begun=has_received(parser.unreader)):
            req = next(parser)
            if before is not None and not req.proxy_protocol_info:
                # The PROXY line precedes the first request only.
                req.proxy_protocol_info = before.proxy_protocol_info
            return req
        return None

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer one request.

        Raises:
            StopIteration: It was the connection's last.
        """
        # gunicorn would ask for the body before the app has decided whether to read it.
        expects_continue, req._expected_100_continue = req._expected_100_continue, False
        response, environ = wsgi.create(req, sock, addr, listener_name, self.cfg)
        environ["wsgi.multithread"] = True
        handover = offer_socket(response, environ, sock)
        response.version = self.telemetry.config.service_name
        if expects_continue and has_body(environ):
            environ["wsgi.input"] = ExpectContinueBody(req.body, partial(sock.sendall, CONTINUE))
        self.on_request()
        if self.telemetry.lifecycle.draining or not self.cfg.keepalive:
            response.force_close()
        end = partial(end_connection, response, handover, sock)
        with self.clients.connections.current.busy(end):
            try:
                respond(self.wsgi, response, environ)
            except BaseException as error:
                if not ended_by_app(environ, error, started=response.status is not None):
                    _end_failed(response, sock, environ, error)
                raise StopIteration from error
            if handover.taken or response.status is None:
                raise StopIteration
            if not response.should_close() and (not has_body(environ) or discard_rest(req.body)):
                return
        if has_body(environ):
            begin_lingering_close(sock)
        raise StopIteration

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be parsed; gunicorn's own answer is never sent.

        A connection that is killed while it waits gets no response.
        """
        if isinstance(exc, GreenletExit):
            return
        rule = rules.HEAD_TIME if isinstance(exc, ClientTooSlow) else broken_rule(exc)
        if rule is None:
            _report_uncaught(exc)
            rule = rules.SERVER_FAILED
        with contextlib.suppress(OSError):
            client.sendall(self._refusals.refuse(rule, socket_peer_address(addr)))
            begin_lingering_close(client)


def _end_failed(
    response: Any, sock: ClientSocket, environ: dict[str, Any], error: BaseException
) -> None:
    """Answer for an app that raised or was killed, as far as that is still possible."""
    if isinstance(error, ClientGone):
        return
    if isinstance(error, ClientTooSlow):
        rule = rules.BODY_TIME
    else:
        rule = error.rule if isinstance(error, BrokenRule) else rules.SERVER_FAILED
    if rule is rules.SERVER_FAILED and not isinstance(error, GreenletExit):
        _report_uncaught(error)
    with contextlib.suppress(OSError):
        if response.headers_sent:
            # A second status line would be taken for part of the body; a reset shows that the rest
            # is missing.
            sock.shutdown(socket.SHUT_RDWR)
            return
        sock.sendall(problem_response(rule, environ.get(REQUEST_ID_ENVIRON, "")))
        if has_body(environ):
            begin_lingering_close(sock)


def _report_uncaught(error: BaseException) -> None:
    gevent.get_hub().handle_error(gevent.getcurrent(), type(error), error, error.__traceback__)
