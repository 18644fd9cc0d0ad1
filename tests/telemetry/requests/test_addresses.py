"""Addresses in ``X-Forwarded-For`` in every spelling that proxies use, and in some that none may.

Source: RFC 7239, section 6; RFC 4291; RFC 4007.
"""

import pytest

from telemetry.requests.addresses import socket_peer_address
from tests.telemetry.requests.forwarding import CLIENT, PEER, client_of

V6 = "2001:db8::7"

SPELLINGS = {
    # ports
    "203.0.113.7": CLIENT,
    "203.0.113.7:51234": CLIENT,
    "203.0.113.7:1": CLIENT,
    "203.0.113.7:_hidden": CLIENT,
    "[2001:db8::7]:443": V6,
    "[2001:db8::7]:_secret.port-1": V6,
    # brackets
    "[2001:db8::7]": V6,
    "2001:db8::7": V6,
    "2001:DB8:0:0:0:0:0:7": V6,
    "[2001:0db8:0000::0007]": V6,
    "::1": "::1",
    # quotes
    '"203.0.113.7"': CLIENT,
    '"203.0.113.7:51234"': CLIENT,
    '"[2001:db8::7]:443"': V6,
    '"2001:db8::7"': V6,
    # zones
    "fe80::7%eth0": "fe80::7",
    "[fe80::7%eth0]": "fe80::7",
    "[fe80::7%25eth0]:443": "fe80::7",
    "fe80::7%3": "fe80::7",
    # IPv4 in IPv6
    "::ffff:203.0.113.7": CLIENT,
    "::FFFF:203.0.113.7": CLIENT,
    "::ffff:cb00:7107": CLIENT,
    "0:0:0:0:0:ffff:203.0.113.7": CLIENT,
    "[::ffff:203.0.113.7]:443": CLIENT,
    '"[::ffff:203.0.113.7]"': CLIENT,
    "64:ff9b::203.0.113.7": "64:ff9b::cb00:7107",
    # lists with empty parts, white space
    "203.0.113.7,": CLIENT,
    "203.0.113.7, ": CLIENT,
    "203.0.113.7 , , ,": CLIENT,
    ",203.0.113.7": CLIENT,
    "\t203.0.113.7\t": CLIENT,
    "198.51.100.1,203.0.113.7": CLIENT,
    "198.51.100.1 ,\t203.0.113.7": CLIENT,
    # hops
    "203.0.113.7, 10.0.0.2": CLIENT,
    "203.0.113.7:51234, 10.0.0.2:443": CLIENT,
    "203.0.113.7, 10.0.0.2:443, 10.0.0.3": CLIENT,
    "203.0.113.7, ::ffff:10.0.0.2": CLIENT,
    "203.0.113.7, [::ffff:10.0.0.2]:443": CLIENT,
    "203.0.113.7, [2001:db8:ffff::2]:8080": CLIENT,
    '203.0.113.7, "10.0.0.2"': CLIENT,
    "203.0.113.7, , 10.0.0.2,": CLIENT,
    "198.51.100.1, 203.0.113.7:51234, 10.0.0.2": CLIENT,
    "10.9.9.9, 203.0.113.7, 10.0.0.2": CLIENT,
    "unknown, 203.0.113.7": CLIENT,
    "<script>, 203.0.113.7": CLIENT,
    '", 203.0.113.7': CLIENT,
    "10.0.0.3, 10.0.0.2": "10.0.0.3",
}

NO_ADDRESSES = (
    "",
    ",",
    " , ,\t",
    "unknown",
    '"unknown"',
    "_hidden",
    "_SEVKISEK:443",
    "unix:",
    "unix:/run/proxy.sock",
    "localhost",
    "client.example",
    "203.0.113",
    "203.0.113.256",
    "203.0.113.07",
    "0xcb.0.113.7",
    "3405803783",
    "203.0.113.7/32",
    "203.0.113.7%eth0",
    "203.0.113.7:http",
    "203.0.113.7:123456",
    "203.0.113.7:51234:1",
    "203.0.113.7 198.51.100.1",
    "203.0.113.7;198.51.100.1",
    "[203.0.113.7]",
    "[203.0.113.7]:443",
    "[2001:db8::7",
    "2001:db8::7]",
    "[]",
    "[2001:db8::7]443",
    "[[2001:db8::7]]",
    "2001:db8::7::1",
    "2001:db8:::7",
    "[2001:db8::g]",
    "fe80::7%",
    '"203.0.113.7',
    '203.0.113.7"',
    '"',
    "for=203.0.113.7",
    "\uff12\uff10\uff13.0.113.7",
    "203.0.113.7\x00",
    "203.0.113.7\xa0",
    "-",
    "a" * 5000,
    "[" + "0" * 200 + "::1]",
)


@pytest.mark.parametrize(("header", "address"), SPELLINGS.items())
def test_address_is_read_in_every_spelling(header, address):
    assert client_of({"X-Forwarded-For": header}) == address


@pytest.mark.parametrize("part", NO_ADDRESSES)
def test_text_that_is_no_address_ends_at_the_last_trusted_hop(part):
    assert client_of({"X-Forwarded-For": part}) == PEER
    assert client_of({"X-Forwarded-For": f"198.51.100.1, {part}, 10.0.0.2"}) == (
        "10.0.0.2" if part.strip(" ,\t") else "198.51.100.1"
    )


@pytest.mark.parametrize("part", NO_ADDRESSES)
def test_text_to_the_left_of_the_client_changes_nothing(part):
    assert client_of({"X-Forwarded-For": f"{part}, 203.0.113.7, 10.0.0.2"}) == CLIENT


def test_very_long_list_is_read_from_the_right_within_a_bound():
    assert client_of({"X-Forwarded-For": "1.2.3.4," * 100_000 + CLIENT}) == CLIENT
    assert client_of({"X-Forwarded-For": "1.2.3.4, " + "10.0.0.2, " * 1000}) == "10.0.0.2"
    assert client_of({"X-Forwarded-For": "1.2.3.4" + "," * 100_000}) == PEER


@pytest.mark.parametrize(
    ("accepted", "address"),
    [
        (("203.0.113.7", 51234), CLIENT),
        (("::ffff:203.0.113.7", 51234, 0, 0), CLIENT),
        (("fe80::7%eth0", 51234, 0, 2), "fe80::7"),
        (("2001:db8:0::7", 51234, 0, 0), V6),
        ("", "unix"),
        (b"", "unix"),
        (None, "unix"),
        ("10.0.0.1", "unix"),
        (b"\x0010.0.0.1", "unix"),
    ],
)
def test_peer_of_a_socket_has_an_address_of_its_own_or_none(accepted, address):
    assert socket_peer_address(accepted) == address
