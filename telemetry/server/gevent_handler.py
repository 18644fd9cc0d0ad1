"""gevent's handler of one connection, held to the rules of ``telemetry.http1``.

gevent's own parser is made for development: it takes two lengths, any transfer coding that ends in
"chunked", targets of every form. Here the head and the body are read by the same rules as under
gunicorn; gevent only sends the response.
"""

import contextlib
import io
import socket
import sys
from http import HTTPStatus
from typing import Any, Final, Literal, cast
from urllib.parse import unquote

from gevent import pywsgi
from greenlet import GreenletExit

from telemetry.environ_keys import (
    ARRIVAL_ENVIRON,
    CLIENT_ENVIRON,
    HANDOVER_ENVIRON,
    REQUEST_ID_ENVIRON,
)
from telemetry.http1 import rules
from telemetry.http1.body import CONTINUE, RequestBody
from telemetry.http1.refusals import Refusals, problem_response
from telemetry.http1.request import Limits, RequestMessage, read_head
from telemetry.http1.rules import BrokenRule
from telemetry.requests.addresses import socket_peer_address
from telemetry.server.client_pace import ClientFailure, ClientTooSlow
from telemetry.server.client_socket import ClientSocket
from telemetry.server.clients import Clients
from telemetry.server.connections import Connection, RequestWait
from telemetry.server.handover import AppSocket, Handover, ended_by_app
from telemetry.sockets import begin_lingering_close

FRAMING: Final = (b"content-length", b"transfer-encoding")
BODILESS: Final = (
    HTTPStatus.SWITCHING_PROTOCOLS,
    HTTPStatus.NO_CONTENT,
    HTTPStatus.NOT_MODIFIED,
)
BODILESS_STATUSES: Final = frozenset(str(status.value) for status in BODILESS)
LIMITS: Final = Limits()


class ObservedServer(pywsgi.WSGIServer):
    """gevent's server, which admits and bounds its clients.

    Args:
        listener: Accepts them.
        app: The WSGI app.
        clients: Admits, bounds and registers them.
        refusals: Records the requests that no app sees.
        idle_seconds: Longest time that a connection waits for a request.
        options: Of gevent's server.
    """

    def __init__(
        self,
        listener: Any,
        app: Any,
        clients: Clients,
        refusals: Refusals,
        idle_seconds: float,
        **options: Any,
    ) -> None:
        super().__init__(listener, app, handler_class=StrictHandler, **options)
        self.clients = clients
        self.refusals = refusals
        self.idle_seconds = idle_seconds

    def handle(self, accepted: Any, address: Any) -> None:
        """Serve one connection, or refuse it."""
        with self.clients.serving(accepted, address) as connection:
            if connection is not None:
                with contextlib.suppress(ClientFailure):
                    super().handle(connection.client, address)


class StrictHandler(pywsgi.WSGIHandler):
    """Serves one connection, and marks when it waits."""

    environ: Any
    response_headers: Any
    wsgi_input: Any
    _message: RequestMessage
    _body: RequestBody
    _handover: Handover

    def handle_one_request(self) -> Literal[True] | None:
        """Serve one request; returns ``True`` when the connection may serve another."""
        message = None
        try:
            begun = self._has_received()
            with RequestWait(self._connection, self._server.idle_seconds, begun=begun):
                message = read_head(self.rfile, LIMITS)
        except BrokenRule as error:
            self._refuse(error.rule)
        except ClientTooSlow:
            self._refuse(rules.HEAD_TIME)
        except OSError:
            return None
        if message is None:
            return None
        self._begin(message)
        self.handle_one_response()
        return None if self.close_connection else True

    def handle_one_response(self) -> None:
        """Answer the request that was read."""
        with self._connection.busy(self._end_connection, lambda: self._body.left_bytes):
            super().handle_one_response()

    def get_environ(self) -> dict[str, Any]:
        """Build the environ from the request that was read."""
        message, line = self._message, self._message.line
        environ: dict[str, Any] = self._server.get_environ()
        environ |= {
            "REQUEST_METHOD": line.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(line.path, "latin-1"),
            "QUERY_STRING": line.query,
            "RAW_URI": line.target,
            "SERVER_PROTOCOL": line.version,
            "wsgi.input": io.BufferedReader(self._body),
            "wsgi.input_terminated": True,
            HANDOVER_ENVIRON: self._handover,
            CLIENT_ENVIRON: self.socket,
            ARRIVAL_ENVIRON: self._client.arrival,
        }
        if isinstance(self.client_address, tuple):
            environ["REMOTE_ADDR"] = str(self.client_address[0])
            environ["REMOTE_PORT"] = str(self.client_address[1])
        for name, values in message.fields.items():
            key = name.replace("-", "_").upper()
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = f"HTTP_{key}"
            environ[key] = ("; " if key == "HTTP_COOKIE" else ",").join(values)
        if message.host:
            environ["HTTP_HOST"] = message.host
        return environ

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        """Start the response, the connection's last where the next request could not be found."""
        # A client that still waits may send its body, or its next request; and a refused body in
        # chunks may have no end.
        too_slow = self._client.too_slow is not None
        if self._body.awaited or (self._body.chunked and status >= "4") or too_slow:
            self.close_connection = True
        if status[:3] in BODILESS_STATUSES:
            headers = [pair for pair in headers if pair[0].lower() != "content-length"]
        return super().start_response(status, headers, exc_info)

    def write(self, data: bytes) -> None:
        """Send a part of the body; gevent raises where a response must have none."""
        super().write(b"" if self.code in BODILESS else data)

    def finalize_headers(self) -> None:
        """Complete the headers; gevent frames HEAD, and HTTP/1.0 without a length, wrongly."""
        self._client.delivery.begin_response()
        super().finalize_headers()
        is_head = self.command == "HEAD"
        present = {name.lower() for name, _ in self.response_headers}
        if is_head and self.provided_content_length is None:
            self.response_use_chunked = False
            self._drop_headers(*FRAMING)
        elif not is_head and self.code not in BODILESS and present.isdisjoint(FRAMING):
            self.close_connection = True
        if self.close_connection and self.code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._drop_headers(b"connection")
            self.response_headers.append((b"Connection", b"close"))

    def _drop_headers(self, *names: bytes) -> None:
        self.response_headers = [
            pair for pair in self.response_headers if pair[0].lower() not in names
        ]

    def run_application(self) -> None:
        """Run the app and send its response."""
        try:
            super().run_application()
        except OSError:
            # gevent expects an error number, which the app's own and those of time-outs lack.
            self.handle_error(*sys.exc_info())
            return
        if self.status is None and not ended_by_app(self.environ, None, started=False):
            raise RuntimeError("the app returned without starting a response")
        if self._handover.taken or self.status is None:
            self.close_connection = True
        elif self.close_connection and not self._body.ended:
            begin_lingering_close(self.socket)

    def handle_error(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: Any
    ) -> None:
        """Answer for an app that raised or was killed, as far as that is still possible."""
        self.close_connection = True
        if value is not None and ended_by_app(self.environ, value, started=self.status is not None):
            return
        if isinstance(value, ClientTooSlow):
            rule = rules.BODY_TIME
        elif isinstance(value, ClientFailure):
            return
        else:
            rule = value.rule if isinstance(value, BrokenRule) else rules.SERVER_FAILED
        if rule is rules.SERVER_FAILED and not isinstance(value, GreenletExit):
            self._log_error(kind, value, traceback)  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            if self.headers_sent:
                # A second status line would be taken for part of the body.
                self.socket.shutdown(socket.SHUT_RDWR)
                return
            request_id = self.environ.get(REQUEST_ID_ENVIRON, "")
            self.socket.sendall(problem_response(rule, request_id))
            if rule is not rules.SERVER_FAILED:
                begin_lingering_close(self.socket)

    def _begin(self, message: RequestMessage) -> None:
        line = message.line
        self.command, self.path, self.request_version = line.method, line.target, line.version
        self.requestline = f"{line.method} {line.target} {line.version}"
        self.close_connection = not message.keep_alive
        self.response_length = 0
        self.status = None
        self._message = message
        self._handover = Handover(self._take_over)
        self._body = RequestBody(
            self.rfile,
            message.body_length,
            self._send_continue if message.expects_continue else None,
            AppSocket(self.socket, self._handover),
        )
        self.wsgi_input = _Leftover(self, self._body)
        self.environ = self.get_environ()
        self.application = self._server.application

    def _refuse(self, rule: rules.Rule) -> None:
        address = socket_peer_address(self.client_address)
        with contextlib.suppress(OSError):
            self.socket.sendall(self._server.refusals.refuse(rule, address))
            begin_lingering_close(self.socket)

    def _sendall(self, data: bytes) -> None:
        if not self._handover.taken:
            super()._sendall(data)  # type: ignore[misc]

    def _write(self, data: bytes) -> None:
        if self.command != "HEAD":
            super()._write(data)  # type: ignore[misc]

    def _send_continue(self) -> None:
        self.socket.sendall(CONTINUE)

    def _take_over(self) -> None:
        self.close_connection = True
        self._client.hand_over()

    def _has_received(self) -> bool:
        """Return whether bytes of the next request have been received; waits for none."""
        self._client.settimeout(0.0)
        try:
            return bool(self.rfile.peek(1))
        finally:
            self._client.settimeout(None)

    def _end_connection(self) -> None:
        """As ``ServedConnection._end_connection``."""
        self.close_connection |= not self.headers_sent
        if self._handover.upgraded:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    @property
    def _connection(self) -> Connection:
        return self._server.clients.connections.current

    @property
    def _client(self) -> ClientSocket:
        return cast(ClientSocket, self.socket)

    @property
    def _server(self) -> ObservedServer:
        return cast(ObservedServer, self.server)


class _Leftover:
    """What the app has not read of a body; gevent discards it after the response."""

    def __init__(self, handler: StrictHandler, body: RequestBody) -> None:
        self._handler = handler
        self._body = body

    def _discard(self) -> None:
        try:
            while not self._handler.close_connection and self._body.read(65_536):
                pass
        except (OSError, ValueError):  # its framing is broken, or the app has closed it
            self._handler.close_connection = True
