"""Types of settings: how the text of a variable becomes a checked value."""

import ipaddress
import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_ENVIRONMENT_LENGTH: Final = 64
_URL: Final = re.compile(r"[!-~]+")
_PATH_PREFIX: Final = re.compile(r"(/[\w.~-]+)+", re.ASCII)


def parse_networks(value: object) -> object:
    """Networks from text such as ``10.0.0.0/8, ::1/128``; anything but text is left as it is."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(
            ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()
        )
    except ValueError as error:
        raise ValueError(
            f"should be a comma-separated list of networks such as 10.0.0.0/8 ({error})"
        ) from None


def split_words(value: object) -> object:
    """The parts of a comma-separated text; anything but text is left as it is."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, str)
        else value
    )


def check_http_url(value: str) -> str:
    """The URL as it is, if it has a scheme of HTTP, a host and a usable port.

    Raises:
        ValueError: It has not.
    """
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not _URL.fullmatch(value):
        raise ValueError("should be an http:// or https:// URL")
    return value


def base_url(value: str) -> str:
    """A checked URL without the slash at its end."""
    return check_http_url(value).rstrip("/")


def check_path_prefix(value: str) -> str:
    """The path as it is, if it can be put before another one.

    Raises:
        ValueError: It cannot.
    """
    if not _PATH_PREFIX.fullmatch(value):
        raise ValueError("should be a path such as /internal/health: it ends without a slash")
    return value


def check_environment(value: str) -> str:
    """The name of a deployment environment, if it fits a label."""
    name = value.strip()
    if not name or len(name) > MAX_ENVIRONMENT_LENGTH or not name.isprintable():
        raise ValueError(
            f"should be a name of at most {MAX_ENVIRONMENT_LENGTH} printable characters"
        )
    return name


Networks = Annotated[tuple[Network, ...], BeforeValidator(parse_networks)]
Words = Annotated[tuple[str, ...], BeforeValidator(split_words)]
HttpUrl = Annotated[str, AfterValidator(base_url)]
PathPrefix = Annotated[str, AfterValidator(check_path_prefix)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=0, le=65535)]
Environment = Annotated[str, AfterValidator(check_environment)]
"""Any name; only ``production`` has a meaning."""
