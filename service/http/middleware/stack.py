"""The order of the middlewares, and their switches.

Flask runs ``after_request`` functions in reverse: a response gets its tag, may become a 304 or a
412, gets its cache headers and is compressed; then every response, errors included, gets the fixed
headers.
"""

from collections.abc import Sequence

from flask import Flask

from service.http.middleware import (
    body_limit,
    caching,
    compression,
    conditions,
    content,
    security_headers,
    versions,
)
from service.http.settings import HttpSettings


def install(
    app: Flask,
    settings: HttpSettings,
    supported_versions: Sequence[str],
    cdn: caching.CdnHeaders | None = None,
) -> None:
    """Install the middlewares that are switched on; call it before telemetry's ``init_app``.

    Args:
        app: Its error handlers are installed.
        settings: Switches and limits.
        supported_versions: Versions of the API, as in its paths.
        cdn: What the CDN before the service reads of a response; ``None`` without one.
    """
    if settings.security_headers:
        security_headers.install(app, in_production=settings.in_production)
    if settings.compression:
        compression.install(app)
    if settings.api_versioning:
        versions.install(app, supported_versions)
    if settings.cache_control:
        caching.install(app, cdn)
    conditions.install(app)
    if settings.cache_control:
        caching.install_tags(app)
    content.install(app)
    if settings.body_limit:
        body_limit.install(app, settings.body_limit_bytes)
