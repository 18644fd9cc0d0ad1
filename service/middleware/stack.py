"""The order of the middlewares, and their switches.

Flask runs what comes after a request in reverse: an answer gets its cache headers and may become a
304, what is left is compressed, and every answer, errors included, gets the fixed headers.
"""

from collections.abc import Sequence

from flask import Flask

from service.config import ServiceConfig
from service.middleware import body_limit, caching, compression, security_headers, versions


def install(app: Flask, config: ServiceConfig, supported_versions: Sequence[str]) -> None:
    """Put the middlewares that are switched on around an app; before telemetry's layer.

    Args:
        app: Its error handlers are in place.
        config: The switches and limits.
        supported_versions: Of the API, as paths have them.
    """
    if config.security_headers:
        security_headers.install(app, in_production=config.environment == "production")
    if config.compression:
        compression.install(app)
    if config.api_versioning:
        versions.install(app, supported_versions)
    if config.cache_control:
        caching.install(app)
    if config.body_limit:
        body_limit.install(app, config.body_limit_bytes)
