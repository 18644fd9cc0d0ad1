"""Compression of responses with the best encoding that the client accepts.

Only text of known size is compressed: streams pass chunk by chunk, a range is a part of the
unencoded representation, and images and archives are compressed already. The hub does the work, so
levels are low (``bench/middlewares.py`` has the cost). A weak ETag is valid for all encodings of
one response; a strong one gets the name of the encoding (``service.http.preconditions``).

Source: RFC 9110, sections 12.5.3 (Accept-Encoding), 12.5.5 (Vary) and 8.8.3.3 (tags of encodings).
"""

import gzip
from collections.abc import Callable, Mapping
from typing import Final

import brotli  # type: ignore[import-untyped]  # it has no type information
from backports import zstd
from flask import Flask, Response, request

from service.http.accepts import best_coding
from service.http.preconditions import ENCODINGS, EntityTag

MIN_BYTES: Final = 1024
"""A smaller response fits into one packet uncompressed."""

NO_CONTENT: Final = 204
_COMPRESSED_STATUSES: Final = frozenset({200, 201, 202})
MEDIA_TYPES: Final = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/problem+json",
        "application/xml",
        "image/svg+xml",
        "text/calendar",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
ENCODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda data: zstd.compress(data, 3),
    "br": lambda data: brotli.compress(data, quality=4),
    "gzip": lambda data: gzip.compress(data, 5, mtime=0),
}
"""By encoding; the server's preference is the order of ``ENCODINGS``."""


def install(app: Flask) -> None:
    """Compress the responses of an app; each has ``Vary: Accept-Encoding``."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.status_code == NO_CONTENT:
        # Flask sets text/html.
        response.headers.pop("Content-Type", None)
    _vary(response)
    accepted = request.environ.get("HTTP_ACCEPT_ENCODING")
    if not accepted or not _is_compressible(response):
        return response
    encoding = best_coding(accepted, ENCODINGS)
    if encoding is None:
        return response
    response.set_data(ENCODERS[encoding](response.get_data()))
    response.headers["Content-Encoding"] = encoding
    opaque, is_weak = response.get_etag()
    if opaque is not None and not is_weak:
        response.headers["ETag"] = str(EntityTag(f"{opaque}-{encoding}"))
    return response


def _vary(response: Response) -> None:
    vary = response.headers.get("Vary")
    if not vary:
        response.headers["Vary"] = "Accept-Encoding"
    elif "accept-encoding" not in vary.lower():
        response.headers["Vary"] = f"{vary}, Accept-Encoding"


def _is_compressible(response: Response) -> bool:
    return (
        response.status_code in _COMPRESSED_STATUSES
        and not response.is_streamed
        and response.mimetype in MEDIA_TYPES
        and "Content-Encoding" not in response.headers
        and len(response.get_data()) >= MIN_BYTES
    )
