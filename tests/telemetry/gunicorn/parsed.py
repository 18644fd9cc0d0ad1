"""Requests as the worker has parsed them."""

from gunicorn.config import Config
from gunicorn.http.unreader import IterUnreader

from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.gunicorn.request import StrictRequest

PEER = ("203.0.113.7", 50_000)
CONFIG = Config()
SETTINGS = ParserSettings(CONFIG)


def parsed(*pieces: bytes, settings: ParserSettings = SETTINGS) -> StrictRequest:
    """Parse a request that is received in pieces."""
    return StrictRequest(settings, IterUnreader(list(pieces)), PEER)
