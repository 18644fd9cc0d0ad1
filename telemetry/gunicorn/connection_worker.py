"""The part of gunicorn's worker that serves connections.

Whatever the client does ends here. It is answered while it can be, counted and logged; it raises no
exception in the hub, and decides no exit code.
"""

import contextlib
from functools import cached_property
from typing import Any

from greenlet import GreenletExit
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.ggevent import GeventWorker

from telemetry.gunicorn.broken_rules import broken_rule
from telemetry.gunicorn.environ import Environs
from telemetry.gunicorn.parser import StrictParser
from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.gunicorn.served_connection import ServedConnection, report_uncaught
from telemetry.http1 import rules
from telemetry.http1.refusals import Refusals
from telemetry.lifecycle import Lifecycle
from telemetry.requests.addresses import socket_peer_address
from telemetry.server.client_pace import ClientGone, ClientTooSlow
from telemetry.server.clients import Clients
from telemetry.server.protocols import ProcessTelemetry
from telemetry.sockets import arrival_notices, begin_lingering_close


class ConnectionWorker(GeventWorker):  # type: ignore[misc]
    """Serves connections; set up by ``load_wsgi``."""

    telemetry: ProcessTelemetry
    clients: Clients
    lifecycle: Lifecycle
    server_name: str
    """Value of the ``Server`` header."""
    idle_seconds: float
    """Longest time that a connection waits for a request."""
    keeps_alive: bool
    """Whether a connection serves more than one request."""

    def load_wsgi(self) -> None:
        """Import the app, whose ``extensions["telemetry"]`` observes it."""
        super().load_wsgi()
        self.telemetry = self.wsgi.extensions["telemetry"]
        config = self.telemetry.config
        self.clients = Clients(self.telemetry, self.worker_connections)
        self.lifecycle = self.telemetry.lifecycle
        self.server_name = config.service_name
        self.idle_seconds = self.cfg.keepalive or config.keepalive_seconds
        self.keeps_alive = bool(self.cfg.keepalive)
        self._refusals = Refusals(self.telemetry.metrics, config)
        for notice in arrival_notices(self.sockets):
            self.log.info("%s", notice)
        self._environs: dict[Any, Environs] = {}

    @cached_property
    def _parser_settings(self) -> ParserSettings:
        return ParserSettings(self.cfg)

    def on_request(self) -> None:
        """Count a request that begins."""

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection."""
        with self.clients.serving(client, addr) as connection:
            if connection is None:
                return
            # The name that a peer on a Unix socket has bound is its own choice, and may be written
            # like an address.
            addr = addr if isinstance(addr, tuple) else ""
            parser = StrictParser(self._parser_settings, connection.client, addr)
            environs = self._environs_of(listener.getsockname())
            try:
                ServedConnection(self, connection, parser, environs, addr).serve()
            except (StopIteration, NoMoreData, ClientGone):
                return
            except BaseException as error:
                self.handle_error(None, connection.client, addr, error)

    def _environs_of(self, listener_name: Any) -> Environs:
        found = self._environs.get(listener_name)
        if found is None:
            found = self._environs[listener_name] = Environs(self.cfg, listener_name)
        return found

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be parsed; gunicorn's own answer is never sent.

        A connection that is killed while it waits gets no response.
        """
        if isinstance(exc, GreenletExit):
            return
        rule = rules.HEAD_TIME if isinstance(exc, ClientTooSlow) else broken_rule(exc)
        if rule is None:
            report_uncaught(exc)
            rule = rules.SERVER_FAILED
        with contextlib.suppress(OSError):
            client.sendall(self._refusals.refuse(rule, socket_peer_address(addr)))
            begin_lingering_close(client)
