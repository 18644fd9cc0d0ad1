"""Settings of the content delivery network before the service."""

from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from telemetry import (
    AfterValidator,
    EnvironmentSettings,
    Field,
    PositiveSeconds,
    SecretStr,
    model_validator,
)

Vendor = Literal["none", "fastly", "cloudflare", "varnish"]

FASTLY: Final = "https://api.fastly.com/service/ID/purge"


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if value and (not is_good or "@" in value):
        raise ValueError(f"should be the URL that takes purges, such as {FASTLY}")
    return value


class CdnSettings(EnvironmentSettings):
    """The CDN, and how copies are removed from it."""

    cdn: Vendor = Field(
        "none",
        alias="CDN",
        description="the CDN before the service, whose headers are sent ([regions](regions.md))",
    )
    cdn_purge_url: Annotated[str, AfterValidator(_url)] = Field(
        "",
        alias="CDN_PURGE_URL",
        description="where a change is sent, so that the CDN removes its copies; none by default",
    )
    cdn_purge_token: SecretStr = Field(
        SecretStr(""), alias="CDN_PURGE_TOKEN", description="its token at that URL"
    )
    cdn_purge_timeout_seconds: PositiveSeconds = Field(
        5.0,
        alias="CDN_PURGE_TIMEOUT_SECONDS",
        description="time limit to connect, and for each part of the response to a purge",
    )
    cdn_max_age_seconds: Annotated[int, Field(ge=60, le=30 * 86400)] = Field(
        3600,
        alias="CDN_MAX_AGE_SECONDS",
        description="how long the CDN keeps what is purged when it changes; so the most that a "
        "copy is too old when purges fail",
    )

    @property
    def purges(self) -> bool:
        """Whether changes are sent to the CDN."""
        return self.cdn != "none" and bool(self.cdn_purge_url)

    @model_validator(mode="after")
    def _check_purge(self) -> Self:
        if self.cdn == "none" and self.cdn_purge_url:
            raise ValueError("CDN_PURGE_URL is set without CDN: it should name the vendor")
        needs_token = self.cdn in ("fastly", "cloudflare") and bool(self.cdn_purge_url)
        if needs_token and not self.cdn_purge_token.get_secret_value():
            raise ValueError(f"CDN_PURGE_TOKEN is not set: {self.cdn} takes no purge without it")
        return self
