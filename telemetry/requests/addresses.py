"""Addresses of peers: from the spellings of sockets and headers to one canonical text, and trust.

Every address that telemetry, rate limits, lockouts and log lines use was read here. Text that is no
address is never guessed at: it has no address.

Source: RFC 7239, section 6 (nodes); RFC 4291, section 2.5.5.2 (IPv4-mapped); RFC 4007, section 11
(zones); RFC 5952 (canonical text of IPv6).
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from telemetry.config import ProxyMembers

UNIX_PEER: Final = "unix"
"""Address of a peer at the other end of a Unix socket, which has none of its own."""

NGINX_UNIX_PEER: Final = "unix:"
"""What nginx writes into ``X-Forwarded-For`` for such a peer."""

UNTRUSTED_UNIX: Final = (
    "listening on a Unix socket whose peers are not trusted: all clients have one address. Add "
    "unix to TELEMETRY_TRUSTED_PROXIES if a proxy is at its other end"
)

OPTIONAL_WHITESPACE: Final = " \t"
MAX_NODE_LENGTH: Final = 128
"""Characters of the longest node that is read: an IPv6 address, a long zone, brackets, a port."""

_CACHED_ADDRESSES: Final = 1024
# A port is digits, or hidden (section 6.3). The zone has a meaning on the host of its writer only.
_NODE: Final = re.compile(
    r"""(?x)
    (?: \[ (?P<bracketed> [0-9A-Fa-f:.]++ ) (?: % [^\]\s"]++ )? \] (?: : \d{1,5} | :_[\w.-]++ )?
      | (?P<ipv4> [0-9.]++ ) (?: : \d{1,5} | :_[\w.-]++ )?
      | (?P<ipv6> (?=[^.%]*:) [0-9A-Fa-f:.]++ ) (?: % [^\[\]\s",;]++ )?
    )
    """,
    re.ASCII,
)


def parse_address(text: str) -> str:
    """Return the canonical text of an address; empty for any other text.

    Args:
        text: An IPv4 or IPv6 address, perhaps with a port, brackets, quotes, a zone, or white space
            around it. An IPv4-mapped address becomes the IPv4 address; port and zone are left out.

    Source: RFC 7239, section 6.
    """
    text = text.strip(OPTIONAL_WHITESPACE)
    return _parsed(text) if len(text) <= MAX_NODE_LENGTH else ""


@lru_cache(_CACHED_ADDRESSES)
def _parsed(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].strip(OPTIONAL_WHITESPACE)
    match = _NODE.fullmatch(text)
    if match is None:
        return ""
    found = match["bracketed"] or match["ipv4"] or match["ipv6"]
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        # Brackets are for IPv6 (RFC 3986, section 3.2.2).
        return "" if match["bracketed"] else str(address)
    return str(address.ipv4_mapped or address)


def peer_address(remote_addr: str | None) -> str:
    """Return the canonical address of the peer of a connection.

    Args:
        remote_addr: ``REMOTE_ADDR`` of a WSGI environ, empty or ``None`` for a Unix socket. A text
            that is no address is returned as it is: a server put it there, no client.
    """
    return (parse_address(remote_addr) or remote_addr) if remote_addr else UNIX_PEER


def socket_peer_address(address: object) -> str:
    """Return the canonical address of a peer, from what ``accept`` returned.

    Args:
        address: A tuple of an IP socket. Of a Unix socket it is a text that the peer chose, such as
            the name of a file, and is not used.
    """
    return peer_address(str(address[0])) if isinstance(address, tuple) and address else UNIX_PEER


def unix_notices(listeners: Iterable[Any], members: ProxyMembers) -> list[str]:
    """Return a line for the log where a listener is a Unix socket and its peers are not trusted.

    Args:
        listeners: Sockets.
        members: Of the trusted proxies.
    """
    is_unix = any(listener.family == socket.AF_UNIX for listener in listeners)
    return [UNTRUSTED_UNIX] if is_unix and UNIX_PEER not in members else []


class TrustedProxies:
    """The peers whose forwarding headers count.

    Args:
        members: Networks, and ``unix`` for the peers of Unix sockets.
    """

    def __init__(self, members: ProxyMembers) -> None:
        self.has_unix = UNIX_PEER in members
        self._networks = tuple(member for member in members if not isinstance(member, str))
        self._any = bool(members)
        # Of the instance: the networks need not be hashed for each request.
        self._contains = lru_cache(_CACHED_ADDRESSES)(self._search)

    def __contains__(self, address: str) -> bool:
        """Return whether a canonical address is that of a trusted proxy."""
        return self._any and self._contains(address)

    def _search(self, address: str) -> bool:
        if address == UNIX_PEER:
            return self.has_unix
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)
