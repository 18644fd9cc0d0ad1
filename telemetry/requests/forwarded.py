"""Where a request comes from, and the URL that its client used: read from the peer and its headers.

The peer of the connection is a fact. Headers are its claims, and count only when it is a trusted
proxy: then the list of hops is read from the right for as long as each hop is trusted. What an
untrusted peer sends changes nothing here. One family of headers is read, never a mixture: a proxy
that writes ``X-Forwarded-For`` passes a client's ``Forwarded`` on as it is, and the reverse.

Source: RFC 7239, sections 4, 5 and 7.4; the ``X-Forwarded-*`` headers as nginx, Envoy, Traefik and
AWS document them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from telemetry.config import X_FORWARDED, ProxyMembers
from telemetry.requests.addresses import (
    NGINX_UNIX_PEER,
    OPTIONAL_WHITESPACE,
    TrustedProxies,
    parse_address,
    peer_address,
)
from telemetry.requests.forwarded_elements import MAX_HOPS, Element, elements_from_right
from telemetry.urls import DEFAULT_PORTS

FORWARDED: Final = "HTTP_FORWARDED"
FORWARDED_FOR: Final = "HTTP_X_FORWARDED_FOR"
FORWARDED_HOST: Final = "HTTP_X_FORWARDED_HOST"
FORWARDED_PORT: Final = "HTTP_X_FORWARDED_PORT"
FORWARDED_PREFIX: Final = "HTTP_X_FORWARDED_PREFIX"

# Traefik writes the scheme of a WebSocket.
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
SCHEME_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "HTTP_X_FORWARDED_PROTO": _SCHEMES,
    "HTTP_X_FORWARDED_SCHEME": _SCHEMES,
    "HTTP_X_FORWARDED_PROTOCOL": _SCHEMES | {"ssl": "https"},
    "HTTP_X_FORWARDED_SSL": {"on": "https", "off": "http"},
}
"""Headers that name the client's scheme, and their values; the first one that names one counts."""

_X_HEADERS: Final = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in X_FORWARDED)
_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "auto": (*_X_HEADERS, FORWARDED),
    "x-forwarded": _X_HEADERS,
    "forwarded": (FORWARDED,),
}

_ONLY_FORWARDED: Final = frozenset({FORWARDED})

_HOST: Final = re.compile(
    r"(?P<name>[0-9A-Za-z._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5})?)?", re.ASCII
)
_PORT: Final = re.compile(r"\d{1,5}", re.ASCII)
_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[\w.~-]+)*/?", re.ASCII)
MAX_PORT: Final = 65_535
CACHED_ORIGINS: Final = 1024
MAX_CACHED_LENGTH: Final = 512
MAX_PREFIX_LENGTH: Final = 256


class Origin(NamedTuple):
    """Where a request comes from.

    Args:
        peer_address: Of the other end of the connection; ``unix`` for a Unix socket.
        trusted: The peer is a trusted proxy.
        client_address: The nearest one that is not a trusted proxy.
        scheme: Of the URL that the client used; so are ``host``, with a port that is not the
            scheme's own, and ``prefix``, the path that a proxy removed.
    """

    peer_address: str
    trusted: bool
    client_address: str
    scheme: str
    host: str
    prefix: str = ""


class OriginReader:
    """Reads the origin of each request.

    Args:
        trusted_proxies: Whose headers count.
        headers: Names of the headers that are read, or of a family of them. ``auto`` reads
            ``Forwarded`` where no ``X-Forwarded-*`` is.
    """

    def __init__(self, trusted_proxies: ProxyMembers, headers: tuple[str, ...] = ("auto",)) -> None:
        self._trusted = TrustedProxies(trusted_proxies)
        # Of the instance, for they hold only what its own settings decide.
        self._peer = lru_cache(CACHED_ORIGINS)(self._read_peer)
        self._cached = lru_cache(CACHED_ORIGINS)(self._from_claims)
        self._headers = tuple(
            key
            for name in headers
            for key in _FAMILIES.get(name) or (_X_HEADERS[X_FORWARDED.index(name)],)
        )

    def read(self, environ: Mapping[str, Any]) -> Origin:
        """Return the origin of a request.

        Args:
            environ: As the WSGI server made it.
        """
        peer, is_trusted = self._peer(environ.get("REMOTE_ADDR"))
        scheme = environ.get("wsgi.url_scheme", "http")
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        if not is_trusted:
            return Origin(peer, False, peer, scheme, host)
        values = tuple(map(environ.get, self._headers))
        length = len(host) + sum(map(len, filter(None, values)))
        # What a proxy adds is short; long lists would make the cache large.
        read = self._cached if length <= MAX_CACHED_LENGTH else self._from_claims
        return read(peer, scheme, host, values)

    def direct(self, remote_addr: str | None, scheme: str, host: str) -> Origin | None:
        """Return the origin of a peer whose headers do not count and whose environ stays as it is.

        Args:
            remote_addr: As the WSGI server wrote it.
            scheme: Of the URL.
            host: Of the header ``Host``, or the server's name.

        Returns:
            The same for the same arguments; ``None`` for all others, which ``read`` knows.
        """
        peer, trusted = self._peer(remote_addr)
        return None if trusted or peer != remote_addr else Origin(peer, False, peer, scheme, host)

    def _from_claims(
        self, peer: str, scheme: str, host: str, values: tuple[str | None, ...]
    ) -> Origin:
        claims = {
            key: value
            for key, value in zip(self._headers, values, strict=True)
            if value is not None
        }
        if not claims:
            return Origin(peer, True, peer, scheme, host)
        if claims.keys() == _ONLY_FORWARDED:
            return self._from_elements(claims[FORWARDED], peer, scheme, host)
        return self._from_x_headers(claims, peer, scheme, host)

    def _read_peer(self, remote_addr: str | None) -> tuple[str, bool]:
        peer = peer_address(remote_addr)
        return peer, peer in self._trusted

    def _from_elements(self, header: str, peer: str, scheme: str, host: str) -> Origin:
        elements: list[Element] = []

        def nodes() -> Iterator[str]:
            for element in elements_from_right(header):
                elements.append(element)
                yield element.get("for", "")

        client, _ = self._walk(peer, nodes())
        # The farthest hop that a trusted proxy describes is the client's own.
        elements.reverse()
        schemes = (_SCHEMES.get(each.get("proto", "").lower(), "") for each in elements)
        hosts = (each.get("host", "") for each in elements)
        found_scheme = next(filter(None, schemes), "")
        found_host = next(filter(_is_host, hosts), "")
        return Origin(
            peer,
            True,
            client,
            found_scheme or scheme,
            url_host(found_host or host, found_scheme or scheme),
        )

    def _from_x_headers(
        self, claims: Mapping[str, str], peer: str, scheme: str, host: str
    ) -> Origin:
        client, hops = self._walk(peer, _parts_from_right(claims.get(FORWARDED_FOR, "")))
        for name, schemes in SCHEME_HEADERS.items():
            if name in claims and (found := schemes.get(_of_hop(claims[name], hops).lower())):
                scheme = found
                break
        forwarded_host = _of_hop(claims.get(FORWARDED_HOST, ""), hops)
        if _is_host(forwarded_host):
            host = forwarded_host
        port = _of_hop(claims.get(FORWARDED_PORT, ""), hops)
        prefix = _prefix(claims.get(FORWARDED_PREFIX, ""), hops)
        return Origin(peer, True, client, scheme, url_host(host, scheme, port), prefix)

    def _walk(self, peer: str, nodes: Iterable[str]) -> tuple[str, int]:
        """Return the client's address, and how many hops trusted proxies described.

        Args:
            peer: A trusted proxy.
            nodes: Each hop's peer as the hop wrote it, nearest hop first.
        """
        client, hops = peer, 0
        for node in nodes:
            hops += 1
            if node == NGINX_UNIX_PEER and self._trusted.has_unix:
                continue
            address = parse_address(node)
            if not address:
                break
            client = address
            if address not in self._trusted:
                break
        return client, max(1, hops)


def rewrite(environ: dict[str, Any], origin: Origin) -> None:
    """Make an environ describe the request that the client sent, for everything that reads it.

    Args:
        environ: Of the request.
        origin: Read from it.

    Source: PEP 3333, "environ Variables" and "URL Reconstruction".
    """
    if environ.get("REMOTE_ADDR") != origin.client_address:
        environ["REMOTE_ADDR"] = origin.client_address
        if origin.client_address != origin.peer_address:
            environ.pop("REMOTE_PORT", None)
    if origin.trusted:
        environ["wsgi.url_scheme"] = origin.scheme
        if origin.host and ("HTTP_HOST" in environ or origin.host != environ.get("SERVER_NAME")):
            environ["HTTP_HOST"] = origin.host
        if origin.prefix:
            environ["SCRIPT_NAME"] = origin.prefix + environ.get("SCRIPT_NAME", "")


def url_host(host: str, scheme: str, port: str = "") -> str:
    """Return the host of a URL, with the port only where it is not the scheme's own.

    Args:
        host: Of a header; one that cannot be read stays as it is.
        scheme: Of the URL.
        port: Replaces the host's port. One that cannot be a port does not count, nor does the
            default port of the other scheme: proxies behind one that ends TLS report their own.
    """
    match = _HOST.fullmatch(host)
    if match is None:
        return host
    usable = _is_port(port) and (int(port) == DEFAULT_PORTS.get(scheme)) | (
        int(port) not in DEFAULT_PORTS.values()
    )
    number = port if usable else match["port"]
    if not number or int(number) == DEFAULT_PORTS.get(scheme):
        return match["name"]
    return f"{match['name']}:{int(number)}"


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and 0 < int(text) <= MAX_PORT


def _is_host(text: str) -> bool:
    match = _HOST.fullmatch(text)
    return match is not None and (match["port"] is None or _is_port(match["port"]))


def _prefix(header: str, hops: int) -> str:
    """The prefixes that trusted proxies removed, the outermost first; empty when one is invalid."""
    if not header:
        return ""
    removed = list(islice(_parts_from_right(header), hops))
    if not all(_PREFIX.fullmatch(each) for each in removed):
        return ""
    prefix = "".join(each.rstrip("/") for each in reversed(removed))
    return prefix if len(prefix) <= MAX_PREFIX_LENGTH else ""


def _of_hop(header: str, hops: int) -> str:
    """The value that the outermost trusted proxy wrote, in a list with one for each proxy.

    Where only some of the proxies write one, the list is shorter, and its first value counts.
    """
    if "," not in header:
        return _plain(header)
    return next(reversed([*islice(_parts_from_right(header), hops)]), "")


def _parts_from_right(header: str) -> Iterator[str]:
    """Yield the parts of a list that are not empty, the last one first, within a bound."""
    end = len(header)
    for _ in range(MAX_HOPS):
        if end < 0:
            return
        comma = header.rfind(",", 0, end)
        part = _plain(header[comma + 1 : end])
        end = comma
        if part:
            yield part


def _plain(part: str) -> str:
    part = part.strip(OPTIONAL_WHITESPACE)
    return part[1:-1] if len(part) > 1 and part[0] == part[-1] == '"' else part
