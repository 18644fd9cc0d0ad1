"""Types of settings: how the text of a variable becomes a checked value."""

import ipaddress
import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from telemetry.config.fields import AfterValidator, BeforeValidator, Field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_ENVIRONMENT_LENGTH: Final = 64
_URL: Final = re.compile(r"[!-~]+")
UNIX: Final = "unix"
"""Stands for the peers of Unix sockets among trusted proxies."""

FORWARDED_FAMILIES: Final = ("auto", "forwarded", "x-forwarded")
X_FORWARDED: Final = (
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-protocol",
    "x-forwarded-ssl",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
)

_HEADER_NAME: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_PATH_PREFIX: Final = re.compile(r"(/[\w.~-]+)+", re.ASCII)


def parse_networks(value: object) -> object:
    """Networks from text such as ``10.0.0.0/8, ::1/128``; anything but text is left as it is."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(
            _unmapped(ipaddress.ip_network(part.strip()))
            for part in value.split(",")
            if part.strip()
        )
    except ValueError as error:
        raise ValueError(
            f"should be a comma-separated list of networks such as 10.0.0.0/8 ({error})"
        ) from None


def parse_proxies(value: object) -> object:
    """Networks, and ``unix`` for the peers of Unix sockets, from text such as ``::1/128, unix``."""
    if not isinstance(value, str):
        return value
    words = [part.strip() for part in value.split(",")]
    networks = parse_networks(",".join(word for word in words if word.lower() != UNIX))
    unix = (UNIX,) if any(word.lower() == UNIX for word in words) else ()
    return (*networks, *unix) if isinstance(networks, tuple) else networks


def header_names(value: tuple[str, ...]) -> tuple[str, ...]:
    """The names as they are, if each can be a header's.

    Raises:
        ValueError: One cannot.
    """
    if not all(_HEADER_NAME.fullmatch(name) for name in value):
        raise ValueError("should be names of headers, separated by commas")
    return value


def check_forwarded(value: tuple[str, ...]) -> tuple[str, ...]:
    """The names of forwarding headers, in lower case: one family of them, or names of one.

    Raises:
        ValueError: A name is not known, or the two families are mixed.
    """
    names = tuple(name.lower() for name in value)
    if len(names) == 1 and names[0] in FORWARDED_FAMILIES:
        return names
    if not names or not set(names) <= set(X_FORWARDED):
        raise ValueError(
            f"should be {', '.join(FORWARDED_FAMILIES)}, or a comma-separated list of "
            f"{', '.join(X_FORWARDED)}"
        )
    return names


def split_words(value: object) -> object:
    """The parts of a comma-separated text; anything but text is left as it is."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, str)
        else value
    )


def _unmapped(network: Network) -> Network:
    """The IPv4 network that a network of IPv4-mapped addresses stands for."""
    if network.version == _MAPPED.version and network.subnet_of(_MAPPED):
        address = int(network.network_address) & 0xFFFF_FFFF
        return ipaddress.IPv4Network((address, network.prefixlen - _MAPPED.prefixlen))
    return network


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


ProxyMembers = Annotated[tuple[Network | Literal["unix"], ...], BeforeValidator(parse_proxies)]
ForwardedHeaders = Annotated[
    tuple[str, ...], BeforeValidator(split_words), AfterValidator(check_forwarded)
]
HeaderNames = Annotated[tuple[str, ...], BeforeValidator(split_words), AfterValidator(header_names)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(parse_networks)]
Words = Annotated[tuple[str, ...], BeforeValidator(split_words)]
HttpUrl = Annotated[str, AfterValidator(base_url)]
PathPrefix = Annotated[str, AfterValidator(check_path_prefix)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=0, le=65535)]
Environment = Annotated[str, AfterValidator(check_environment)]
"""Any name; only ``production`` has a meaning."""
