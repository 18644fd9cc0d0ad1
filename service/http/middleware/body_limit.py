"""The limit of request bodies: none is larger than its route accepts.

An announced length is checked before any of the body is read, on every route; a body without a
length is cut off while it is read. Either way the response closes the connection, so that the rest
of the body need not be received.

Source: RFC 9110, section 15.5.14 (413); RFC 9112, section 9.6 (tear-down).
"""

import io
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from service.http.current_view import View, current_view
from service.http.problems import problem
from telemetry import ViewOption

BODY_TOO_LARGE: Final = "urn:serene:problem:body-too-large"

_LIMIT: Final = ViewOption[int]("body_limit")


def body_at_most(limit_bytes: int) -> Callable[[View], View]:
    """Return a decorator that gives a route a limit of its own.

    Args:
        limit_bytes: Largest body.
    """
    return _LIMIT.set(limit_bytes)


class _BoundedBody(io.RawIOBase):
    """A body of unknown length that raises where it exceeds a limit.

    Werkzeug's own limit silently truncates a body that is read at once, and refuses a body of
    exactly the limit that is read in parts.
    """

    def __init__(self, body: Any, limit_bytes: int) -> None:
        self._body = body
        self._remaining = limit_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            read = self._body.read(min(len(buffer), self._remaining + 1))
        except Exception as error:  # the server's own: the client left, or its chunks are malformed
            raise ClientDisconnected from error
        self._remaining -= len(read)
        if self._remaining < 0:
            raise RequestEntityTooLarge
        buffer[: len(read)] = read
        return len(read)


def install(app: Flask, default_bytes: int) -> None:
    """Limit the request bodies of an app.

    Args:
        app: Its own ``MAX_CONTENT_LENGTH`` is not set.
        default_bytes: The limit of routes without one of their own, and where no route matched.
    """

    def limit_bytes() -> int:
        return _LIMIT.get(current_view()) or default_bytes

    @app.before_request
    def check_length() -> None:
        if request.content_length is None:
            request.environ["wsgi.input"] = _BoundedBody(
                request.environ["wsgi.input"], limit_bytes()
            )
        elif request.content_length > limit_bytes():
            raise RequestEntityTooLarge

    @app.errorhandler(RequestEntityTooLarge)
    def refuse(_: RequestEntityTooLarge) -> Response:
        limit = limit_bytes()
        detail = f"The body of this request may have {limit} bytes at most."
        response = problem(
            413, detail, type=BODY_TOO_LARGE, title="Body Too Large", limit_bytes=limit
        )
        response.headers["Connection"] = "close"
        return response
