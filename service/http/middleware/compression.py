"""Compression of responses with the best encoding that the client accepts.

Only text of known size is compressed: streams pass chunk by chunk, and images and archives are
compressed already. The hub does the work, so levels are low (``bench/middlewares.py`` has the
cost). A weak ETag is valid for all encodings of one response.

Source: RFC 9110, sections 12.5.3 (Accept-Encoding) and 8.8.1 (weak validators).
"""

from typing import Final

from flask import Flask, Response
from flask_compress import Compress

MIN_BYTES: Final = 1024
"""A smaller response fits into one packet uncompressed."""

ENCODINGS: Final = ("zstd", "br", "gzip")
"""The server's preference among encodings that a client accepts equally."""

NO_CONTENT: Final = 204

MEDIA_TYPES: Final = (
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
)
SETTINGS: Final = {
    "COMPRESS_ALGORITHM": list(ENCODINGS),
    "COMPRESS_MIMETYPES": list(MEDIA_TYPES),
    "COMPRESS_MIN_SIZE": MIN_BYTES,
    "COMPRESS_STREAMS": False,
    "COMPRESS_ZSTD_LEVEL": 3,
    "COMPRESS_BR_LEVEL": 4,
    "COMPRESS_LEVEL": 5,
}


def install(app: Flask) -> None:
    """Compress the responses of an app; each has ``Vary: Accept-Encoding``."""
    app.config.update(SETTINGS)
    Compress().init_app(app)
    app.after_request(_remove_content_type)  # runs before the one above


def _remove_content_type(response: Response) -> Response:
    # Flask sets text/html; Flask-Compress would then mark the empty body as "br", which clients
    # fail to decode.
    if response.status_code == NO_CONTENT:
        response.headers.pop("Content-Type", None)
    return response
