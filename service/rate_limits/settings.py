"""Settings of rate limits: the limit of each group of routes, and where requests are counted."""

from typing import Annotated
from urllib.parse import urlsplit

from limits import parse_many

from telemetry import AfterValidator, Field, Networks, PositiveSeconds, Settings


def _rate(value: str) -> str:
    try:
        found = parse_many(value)
    except ValueError:
        found = []
    if len(found) != 1 or found[0].amount < 1:
        raise ValueError("should be one rate such as 10/minute, 300/5minutes or 1000/hour")
    return value


def _redis_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = (
            parts.scheme in ("redis", "rediss") and bool(parts.hostname) and (parts.port or 1) > 0
        )
    except ValueError:
        usable = False
    if value and not (usable and parts.path.strip("/").isdecimal() | (parts.path in ("", "/"))):
        raise ValueError("should be a URL such as redis://127.0.0.1:6379/0 or rediss://…")
    return value


Rate = Annotated[str, AfterValidator(_rate)]
# Not in repr(): it may hold a password.
RedisUrl = Annotated[str, AfterValidator(_redis_url), Field(repr=False)]


class RateLimitSettings(Settings):
    """Limits of an account, or else of an address; durations are seconds.

    Rates have the format of the library ``limits``.
    """

    rate_limits: bool = Field(
        True,
        alias="RATE_LIMITS",
        description="limit the requests of each account or address",
    )
    rate_limit_login: Rate = Field(
        "120/minute",
        alias="RATE_LIMIT_LOGIN",
        description=(
            "requests of an address to register or log in, an office's; wrong passwords have "
            "limits of their own (`LOGIN_GUESSES_*`)"
        ),
    )
    rate_limit_refresh: Rate = Field(
        "30/minute",
        alias="RATE_LIMIT_REFRESH",
        description="renewals of one login, whatever its address",
    )
    rate_limit_anonymous: Rate = Field(
        "1200/minute",
        alias="RATE_LIMIT_ANONYMOUS",
        description="renewals and logouts of an address: those of an office, against nonsense",
    )
    rate_limit_read: Rate = Field(
        "600/minute", alias="RATE_LIMIT_READ", description="requests that read"
    )
    rate_limit_write: Rate = Field(
        "120/minute", alias="RATE_LIMIT_WRITE", description="requests that change something"
    )
    rate_limit_companion: Rate = Field(
        "20/minute", alias="RATE_LIMIT_COMPANION", description="messages to the companion"
    )
    rate_limit_upload: Rate = Field("30/minute", alias="RATE_LIMIT_UPLOAD", description="uploads")
    rate_limit_exempt_networks: Networks = Field(
        (),
        alias="RATE_LIMIT_EXEMPT_NETWORKS",
        description="networks whose requests are not limited, separated by commas",
    )
    redis_url: RedisUrl = Field(
        "",
        alias="REDIS_URL",
        description="Redis in which all servers count; without it each worker counts for itself",
    )
    redis_timeout_seconds: PositiveSeconds = Field(
        0.1,
        alias="REDIS_TIMEOUT_SECONDS",
        description="maximum time that a request waits for Redis; then its worker counts",
    )
    redis_retry_seconds: PositiveSeconds = Field(
        2.0,
        alias="REDIS_RETRY_SECONDS",
        description="time without Redis after a failure",
    )
