"""Answers are compressed by the best encoding that a client accepts, once that is worth its time.

Only text of known size: what streams stays as it is, chunk by chunk, and images or archives are
compressed already. The hub does the work, so levels are low (``bench/middlewares.py`` has the
cost). A weak ETag holds for all encodings of one answer.

Source: RFC 9110, sections 12.5.3 (Accept-Encoding) and 8.8.1 (weak validators).
"""

from typing import Final

from flask import Flask, Response
from flask_compress import Compress

LEAST_BYTES: Final = 1024
"""Smaller answers fit into one packet anyway."""

ENCODINGS: Final = ("zstd", "br", "gzip")
"""The server's preference among what a client likes equally."""

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
    "COMPRESS_MIN_SIZE": LEAST_BYTES,
    "COMPRESS_STREAMS": False,
    "COMPRESS_ZSTD_LEVEL": 3,
    "COMPRESS_BR_LEVEL": 4,
    "COMPRESS_LEVEL": 5,
}


def install(app: Flask) -> None:
    """Compress the answers of an app; ``Vary`` says so on each.

    Args:
        app: Any.
    """
    app.config.update(SETTINGS)
    Compress().init_app(app)
    app.after_request(_without_type)  # runs before the one above


def _without_type(response: Response) -> Response:
    # Flask calls it HTML; the encoder, which goes by that, would say "br" of nothing, and clients
    # fail to decode it.
    if response.status_code == NO_CONTENT:
        response.headers.pop("Content-Type", None)
    return response
