"""Responses that are made as they usually are with less work, and with the same result.

Werkzeug works out the status, the type and the headers of each text anew, and at the end adds each
header to a new collection, to correct a location and a length that most responses have no need to
have corrected.
"""

from functools import lru_cache
from typing import Any, Final

from flask import Response
from werkzeug.datastructures import Headers

CACHED_TYPES: Final = 64
_LENGTH: Final = "content-length"
_LOCATIONS: Final = frozenset({"location", "content-location"})


class PreparedResponse(Response):
    """A response like ``Response``; what other texts have too is copied."""

    def __init__(
        self,
        response: Any = None,
        status: Any = None,
        headers: Any = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        cls = type(self)
        if (
            type(response) is not str
            or status is not None
            or headers is not None
            or content_type is not None
            or direct_passthrough
            or cls is not PreparedResponse
            or not cls.automatically_set_content_length
        ):
            super().__init__(response, status, headers, mimetype, content_type, direct_passthrough)
            return
        made, pairs = _of_text(mimetype, cls.default_mimetype, cls.default_status)
        data = response.encode()
        self.__dict__ = made.copy()
        self.headers = _headers([*pairs, ("Content-Length", str(len(data)))])
        self._on_close = []
        self.response = [data]

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        """As ``Response.get_wsgi_headers``."""
        headers, status = self.headers, self.status_code
        if type(headers) is Headers and status >= 200 and status not in (204, 304):
            names = [name.lower() for name, _ in headers]
            if _LENGTH in names and _LOCATIONS.isdisjoint(names):
                return _headers(headers.to_wsgi_list())
        return super().get_wsgi_headers(environ)


@lru_cache(CACHED_TYPES)
def _of_text(
    mimetype: str | None, _default: str | None, _status: int
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the attributes of a text's response as Werkzeug makes them, and its first headers."""
    made = Response("", mimetype=mimetype)
    return vars(made), made.headers.to_wsgi_list()[:-1]


def _headers(pairs: list[tuple[str, str]]) -> Headers:
    headers = Headers()
    headers._list = pairs
    return headers


def makes_the_same_responses() -> bool:
    """Return whether Flask's responses have no attribute that is not known here."""
    for mimetype in (None, "application/json", "text/plain"):
        prepared = PreparedResponse("\xfc", mimetype=mimetype)
        made = Response("\xfc", mimetype=mimetype)
        for one in (prepared.get_wsgi_headers({}), prepared.headers):
            if vars(one) != vars(made.get_wsgi_headers({})) or type(one) is not Headers:
                return False
        if vars(prepared) | {"headers": None} != vars(made) | {"headers": None}:
            return False
    return True
