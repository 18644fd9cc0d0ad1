"""How an app answers on a connection, and when that connection cannot serve another request.

What gunicorn's own response object lacks: an app's wish to close, a body that the client was never
asked for, a body whose end may never come, and an app that takes the connection over.
"""

import contextlib
import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from gunicorn.http.errors import ParseException

from telemetry.environ_keys import CLIENT_ENVIRON, HANDOVER_ENVIRON
from telemetry.gunicorn.expect_continue import ExpectContinueBody
from telemetry.http1.rules import BrokenRule
from telemetry.server.client_pace import ClientFailure
from telemetry.server.client_socket import ClientSocket
from telemetry.server.handover import AppSocket, Handover, ended_by_app

DISCARD_BYTES: Final = 256 * 1024
DISCARD_STEP: Final = 8192


class ListenerAddress:
    """Stands in for a listener, which is closed while requests still ask for its address."""

    def __init__(self, listener: socket.socket) -> None:
        self._address = listener.getsockname()

    def getsockname(self) -> Any:
        """Return the address as of before the close."""
        return self._address


def has_body(environ: dict[str, Any]) -> bool:
    """Return whether the request announces a body."""
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def has_received(unreader: Any) -> bool:
    """Return whether bytes of the next request came together with the present one."""
    return bool(unreader.held)


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


def start_response(
    response: Any,
    environ: dict[str, Any],
    status: str,
    headers: list[tuple[str, str]],
    *exc_info: Any,
) -> Any:
    """Start gunicorn's response, and close the connection after it where that is necessary."""
    body = environ["wsgi.input"]
    # A client that was not asked for its body may send it, or its next request: the two cannot be
    # distinguished.
    never_requested = isinstance(body, ExpectContinueBody) and not body.requested
    # To find the next request behind a refused body we would have to read a body that may have no
    # end.
    refused_chunks = "HTTP_TRANSFER_ENCODING" in environ and status >= "4"
    # gunicorn drops this header of an app.
    app_closes = any(
        name.lower() == "connection" and value.lower() == "close" for name, value in headers
    )
    too_slow = environ[CLIENT_ENVIRON].too_slow is not None
    if never_requested or refused_chunks or app_closes or too_slow:
        response.force_close()
    return response.start_response(status, headers, *exc_info)


class _Nowhere:
    """Stands in for the socket of a response that must not be sent any more."""

    def sendall(self, _data: bytes) -> None:
        """Drop the data."""


def offer_socket(response: Any, environ: dict[str, Any], client: ClientSocket) -> Handover:
    """Let the app take the connection over; the response then writes nothing more.

    Args:
        response: gunicorn's.
        environ: Gets the socket, and what is known of the handover.
        client: The socket.
    """

    def take_over() -> None:
        response.sock = _Nowhere()
        response.force_close()
        # The bounds are those of a request; how long a connection is silent is the app's matter.
        client.hand_over()

    handover = environ[HANDOVER_ENVIRON] = Handover(take_over)
    environ["gunicorn.socket"] = AppSocket(client, handover)
    environ[CLIENT_ENVIRON] = client
    return handover


def end_connection(response: Any, handover: Handover, client: Any) -> None:
    """Make a response its connection's last; a connection that was upgraded ends at once."""
    response.force_close()
    if handover.upgraded:
        # It has no end of its own that a drain could wait for.
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def respond(app: Callable[..., Iterable[bytes]], response: Any, environ: dict[str, Any]) -> None:
    """Run the app and send its response."""
    body = app(environ, partial(start_response, response, environ))
    try:
        for chunk in body:
            response.write(chunk)
        if not ended_by_app(environ, None, started=response.status is not None):
            response.close()
    finally:
        if hasattr(body, "close"):
            body.close()
