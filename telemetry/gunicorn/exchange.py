"""How a response is started on a connection, and when that connection cannot serve another request.

What gunicorn's own response object lacks: an app's wish to close, a body that the client was never
asked for, and a body whose end may never come.
"""

import socket
from typing import Any

from telemetry.gunicorn.expect_continue import ExpectContinueBody


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
    if never_requested or refused_chunks or app_closes:
        response.force_close()
    return response.start_response(status, headers, *exc_info)
