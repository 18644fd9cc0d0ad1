"""Settings of HTTP: switches of the middlewares and the size of request bodies."""

from typing import Annotated

from telemetry import EnvironmentSettings, Field


class HttpSettings(EnvironmentSettings):
    """Middlewares of every route."""

    security_headers: bool = Field(
        True,
        alias="SECURITY_HEADERS",
        description="send the headers that keep browsers from misusing responses; "
        "HSTS in production",
    )
    compression: bool = Field(
        True,
        alias="COMPRESSION",
        description="compress responses with what the client accepts (zstd, br, gzip)",
    )
    api_versioning: bool = Field(
        True,
        alias="API_VERSIONING",
        description="refuse unknown versions with a problem, and announce deprecated routes",
    )
    cache_control: bool = Field(
        True,
        alias="CACHE_CONTROL",
        description="send `Cache-Control`, and an `ETag` with what may be stored",
    )
    body_limit: bool = Field(
        True,
        alias="REQUEST_BODY_LIMIT",
        description="refuse request bodies larger than their route accepts",
    )
    body_limit_bytes: Annotated[int, Field(ge=1, le=1024**3)] = Field(
        1024**2,
        alias="REQUEST_BODY_LIMIT_BYTES",
        description="largest request body of routes without a limit of their own",
    )
