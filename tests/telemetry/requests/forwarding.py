"""Requests of peers and proxies, as the parser reads them."""

from telemetry.config import TelemetryConfig
from telemetry.requests.parsing import RequestParser

PEER = "10.0.0.1"
CLIENT = "203.0.113.7"
TRUSTED = "10.0.0.0/8, 2001:db8:ffff::/48"


def parse(headers, *, peer=PEER, trusted=TRUSTED, host="serene.test", **settings):
    """Parse one request; returns its record and its environ afterwards.

    Args:
        headers: By name.
        peer: ``REMOTE_ADDR``; ``None`` for a server that sets none.
        trusted: ``TELEMETRY_TRUSTED_PROXIES``.
        host: The header ``Host``; ``None`` for a request without one.
        settings: Further variables.
    """
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/posts",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "inner",
        "SERVER_PORT": "8000",
        "REMOTE_PORT": "40000",
        "wsgi.url_scheme": "http",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    if peer is not None:
        environ["REMOTE_ADDR"] = peer
    if host is not None:
        environ["HTTP_HOST"] = host
    config = TelemetryConfig.from_env({"TELEMETRY_TRUSTED_PROXIES": trusted, **settings})
    return RequestParser(config).parse(environ), environ


def client_of(headers, **options):
    """Return the address of the client."""
    return parse(headers, **options)[0].client_address
