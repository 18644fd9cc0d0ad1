"""No request brings more than its route takes.

A length that is announced is judged before any of the body is read, on every route; a body without
a length is cut while it is read. Either way the connection ends with the answer: what is left of
the body is nothing that anyone wants to wait for.

Source: RFC 9110, section 15.5.14 (413); RFC 9112, section 9.6 (tear-down).
"""

import io
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from service.http.problems import problem
from service.http.view_option import Mark, View

BODY_TOO_LARGE: Final = "urn:serene:problem:body-too-large"
UPLOAD_BYTES: Final = 25 * 1024**2

_LIMIT: Final = Mark[int]("body_limit")


def body_at_most(limit_bytes: int) -> Callable[[View], View]:
    """Mark a route that takes more, or less, than the others.

    Args:
        limit_bytes: Largest body; ``UPLOAD_BYTES`` for files.
    """
    return _LIMIT.put(limit_bytes)


class _Bounded(io.RawIOBase):
    """A body of unknown length that raises where it passes a limit.

    Werkzeug's own limit cuts what is read at once and says nothing, and refuses a body of just the
    limit that is read in parts.
    """

    def __init__(self, body: Any, limit_bytes: int) -> None:
        self._body = body
        self._left = limit_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            found = self._body.read(min(len(buffer), self._left + 1))
        except (
            Exception
        ) as error:  # of the server's own kind: the client left, or what it sends are no chunks
            raise ClientDisconnected from error
        self._left -= len(found)
        if self._left < 0:
            raise RequestEntityTooLarge
        buffer[: len(found)] = found
        return len(found)


def install(app: Flask, default_bytes: int) -> None:
    """Limit the bodies that an app takes.

    Args:
        app: Its own ``MAX_CONTENT_LENGTH`` is not set.
        default_bytes: The limit of routes without a mark, and where there is no route.
    """

    def limit_bytes() -> int:
        return _LIMIT.of_request() or default_bytes

    @app.before_request
    def judge() -> None:
        if request.content_length is None:
            request.environ["wsgi.input"] = _Bounded(request.environ["wsgi.input"], limit_bytes())
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
