"""The order of the middlewares, and their switches.

Flask runs what comes after a request in reverse: an answer gets its cache headers and may become a
304, what is left is compressed, and every answer, errors included, gets the fixed headers.
"""

from collections.abc import Sequence

from flask import Flask

from service.http.middleware import body_limit, caching, compression, security_headers, versions
from service.http.settings import HttpSettings


def install(app: Flask, settings: HttpSettings, supported_versions: Sequence[str]) -> None:
    """Put the middlewares that are switched on around an app; before telemetry's layer.

    Args:
        app: Its error handlers are in place.
        settings: The switches and limits.
        supported_versions: Of the API, as paths have them.
    """
    if settings.security_headers:
        security_headers.install(app, in_production=settings.environment == "production")
    if settings.compression:
        compression.install(app)
    if settings.api_versioning:
        versions.install(app, supported_versions)
    if settings.cache_control:
        caching.install(app)
    if settings.body_limit:
        body_limit.install(app, settings.body_limit_bytes)
