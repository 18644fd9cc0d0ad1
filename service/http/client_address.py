"""The client that the current request comes from: its address, and the key that it is counted by.

Telemetry reads the address, from the peer and from trusted proxies. Limits and lockouts count by
the key, so that none of them can be evaded by another spelling or by another address of one client.
"""

import ipaddress
from typing import Final

from flask import request

from telemetry import current_record

IPV6_CLIENT_PREFIX: Final = 64
"""What one client of IPv6 gets at least: it can take any address in it (RFC 6177, RFC 8981)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address() -> str:
    """Return the client's address: the one that a trusted proxy forwards, else the peer's."""
    record = current_record()
    return record.client_address if record else request.remote_addr or ""


def client_key() -> str:
    """Return what the client is counted by: its IPv4 address, or the /64 of its IPv6 address."""
    text = client_address()
    address = parse_address(text)
    return text if address is None else address_key(address)


def parse_address(text: str) -> Address | None:
    """Return an address, IPv4 for an IPv4-mapped one; ``None`` for any other text.

    Args:
        text: An address, perhaps with a zone, or what the server reports in its place.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def address_key(address: Address) -> str:
    """Return what the client at an address is counted by."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_CLIENT_PREFIX), strict=False))
    return str(address)
