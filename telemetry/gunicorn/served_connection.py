"""One connection of gunicorn's worker: its requests, and how each exchange ends.

Not gunicorn's own loop: that one takes an error of the client's connection for one of ours (a
traceback for each ``ETIMEDOUT``), and one of the app's for the client's.
"""

import contextlib
import socket
from functools import partial
from typing import Any, Final, Protocol

import gevent
from greenlet import GreenletExit
from gunicorn.http.errors import ParseException

from telemetry.environ_keys import (
    ARRIVAL_ENVIRON,
    CLIENT_ENVIRON,
    HANDOVER_ENVIRON,
    REQUEST_ID_ENVIRON,
)
from telemetry.gunicorn.environ import Environ, Environs
from telemetry.gunicorn.expect_continue import CONTINUE, ExpectContinueBody
from telemetry.gunicorn.parser import StrictParser
from telemetry.gunicorn.request import StrictRequest
from telemetry.gunicorn.response import Response
from telemetry.http1 import rules
from telemetry.http1.refusals import problem_response
from telemetry.http1.rules import BrokenRule
from telemetry.lifecycle import Lifecycle
from telemetry.server.client_pace import ClientFailure, ClientGone, ClientTooSlow, NoRequest
from telemetry.server.connections import Connection
from telemetry.server.handover import AppSocket, Handover, ended_by_app
from telemetry.sockets import begin_lingering_close

DISCARD_BYTES: Final = 256 * 1024
DISCARD_STEP: Final = 8192


class Serving(Protocol):
    """What a connection needs of its worker."""

    wsgi: Any
    idle_seconds: float
    keeps_alive: bool
    lifecycle: Lifecycle
    server_name: str

    def on_request(self) -> None:
        """Count a request that begins."""


class ServedConnection:
    """One connection.

    Args:
        worker: Serves it.
        connection: Registered.
        parser: Of its requests.
        environs: Of its listener.
        peer: The client's address; empty on a Unix socket.
    """

    __slots__ = (
        "_client",
        "_connection",
        "_environ",
        "_environs",
        "_handover",
        "_parser",
        "_prepared",
        "_response",
        "_worker",
    )

    def __init__(
        self,
        worker: Serving,
        connection: Connection,
        parser: StrictParser,
        environs: Environs,
        peer: Any,
    ) -> None:
        self._worker = worker
        self._connection = connection
        self._client = connection.client
        self._parser = parser
        self._environs = environs
        self._handover = Handover(self._take_over)
        # An app that has taken the connection over leaves no later request on it.
        shared = {
            HANDOVER_ENVIRON: self._handover,
            "gunicorn.socket": AppSocket(self._client, self._handover),
            CLIENT_ENVIRON: self._client,
            ARRIVAL_ENVIRON: self._client.arrival,
        }
        self._environ = environs.of_connection(peer, shared)
        self._prepared: tuple[list[tuple[str, str]], Environ] | None = None
        self._response: Response | None = None

    def serve(self) -> None:
        """Serve the requests of the connection, until it is to be closed.

        Raises:
            StopIteration: The client has ended it.
            BaseException: A request could not be parsed, or the connection broke.
        """
        while (request := self._receive_request()) and self._answer(request):
            pass

    def _receive_request(self) -> StrictRequest | None:
        """Parse the next request; ``None`` when the connection has been idle for too long."""
        parser = self._parser
        before: StrictRequest | None = parser.mesg
        begun = bool(parser.unreader.held)
        try:
            self._connection.await_request(self._worker.idle_seconds, begun=begun)
            request: StrictRequest = next(parser)
        except NoRequest:
            return None
        if before is not None and not request.proxy_protocol_info:
            # The PROXY line precedes the first request only.
            request.proxy_protocol_info = before.proxy_protocol_info
        return request

    def _answer(self, request: StrictRequest) -> bool:
        """Answer a request; returns whether the connection can serve another."""
        client = self._client
        # gunicorn would ask for the body before the app has decided whether to read it.
        body: Any = request.body
        if request._expected_100_continue and request.has_body:
            body = ExpectContinueBody(body, partial(client.sendall, CONTINUE))
        response = self._response = Response(request, client, body, self._worker.server_name)
        environ = self._environs.of_request(
            self._environ, request, self._prepared_for(request) if request.repeats else None
        )
        environ["wsgi.input"] = body
        environ["wsgi.early_hints"] = response.send_early_hints
        self._worker.on_request()
        if not self._worker.keeps_alive or self._worker.lifecycle.draining:
            response.force_close()
        left = partial(body_left, request) if request.has_body else None
        self._connection.begin_request(self._end_connection, left)
        try:
            if not self._respond(response, environ):
                return False
            if not response.should_close() and (not request.has_body or discard_rest(request.body)):
                return True
        finally:
            self._connection.end_request()
        if request.has_body:
            begin_lingering_close(client)
        return False

    def _prepared_for(self, request: StrictRequest) -> Environ:
        """Return what the requests with the same headers have in common; made for the second."""
        kept = self._prepared
        if kept is None or kept[0] is not request.headers:
            made = self._environs.with_headers(self._environ, request.headers)
            kept = self._prepared = request.headers, made
        return kept[1]

    def _respond(self, response: Response, environ: Environ) -> bool:
        """Run the app and send its response; returns whether it was one, and whole."""
        try:
            body = self._worker.wsgi(environ, response.start_response)
            try:
                for chunk in body:
                    response.write(chunk)
                # Most apps have started a response, and leave the connection to the server.
                if (response.status is not None and not self._handover.taken) or not ended_by_app(
                    environ, None, started=response.status is not None
                ):
                    response.close()
            finally:
                if hasattr(body, "close"):
                    body.close()
        except BaseException as error:
            if not ended_by_app(environ, error, started=response.status is not None):
                self._end_failed(response, environ, error)
            return False
        return not self._handover.taken and response.status is not None

    def _end_failed(self, response: Response, environ: Environ, error: BaseException) -> None:
        """Answer for an app that raised or was killed, as far as that is still possible."""
        if isinstance(error, ClientGone):
            return
        if isinstance(error, ClientTooSlow):
            rule = rules.BODY_TIME
        else:
            rule = error.rule if isinstance(error, BrokenRule) else rules.SERVER_FAILED
        if rule is rules.SERVER_FAILED and not isinstance(error, GreenletExit):
            report_uncaught(error)
        client = self._client
        with contextlib.suppress(OSError):
            if response.headers_sent:
                # A second status line would be taken for part of the body; a reset shows that the
                # rest is missing.
                client.shutdown(socket.SHUT_RDWR)
                return
            client.sendall(problem_response(rule, environ.get(REQUEST_ID_ENVIRON, "")))
            if response.follows_body:
                begin_lingering_close(client)

    def _take_over(self) -> None:
        if self._response is not None:
            self._response.hand_over()

    def _end_connection(self) -> None:
        """Make a response the connection's last; one that was upgraded ends at once.

        A response whose head was sent has promised to keep it: the client may send its next request
        at once, and that one's response is the last.
        """
        if self._response is not None and not self._response.headers_sent:
            self._response.force_close()
        if self._handover.upgraded:
            # It has no end of its own that a drain could wait for.
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)


def discard_rest(body: Any) -> bool:
    """Read the rest of a body that the app did not read, where it is short.

    Returns:
        Whether the next request begins here; else the connection has to be closed.
    """
    try:
        for _ in range(DISCARD_BYTES // DISCARD_STEP):
            if not body.read(DISCARD_STEP):
                return not body.failed
    except (BrokenRule, ParseException, ClientFailure):  # its response is sent already
        return False
    return False


def body_left(request: StrictRequest) -> int | None:
    """Return how many bytes of a body have not been received; ``None`` for one in chunks."""
    left: int | None = getattr(request.body.reader, "length", None)
    return left


def report_uncaught(error: BaseException) -> None:
    """Give an exception to the hub, as if the greenlet had raised it."""
    gevent.get_hub().handle_error(gevent.getcurrent(), type(error), error, error.__traceback__)
