"""What a request asks for: its target in each form, and its host.

Source: RFC 9112, section 3.2 (forms of the target); RFC 9110, sections 4.2 and 7.2; RFC 3986 for
the grammar of a host.
"""

import ipaddress
import re
from typing import Final, NamedTuple

from telemetry.http1 import rules
from telemetry.http1.rules import BrokenRule, Rule

MAX_PORT: Final = 65_535
_INVALID: Final = re.compile(r"[^\x21-\x7e]|#")
_ABSOLUTE: Final = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE)
# A comma is allowed by the grammar, but in practice it joins two hosts, of which two readers choose
# differently.
_HOST: Final = re.compile(
    r"(?:(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+|\[(?P<address>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[0-9]{0,5}))?"
)


class Target(NamedTuple):
    """A request's target.

    Args:
        path: Still percent-encoded; ``*`` for the server itself.
        query: Without the question mark.
        authority: Host and port of a target that is a URL, which count more than the Host header;
            empty otherwise.
    """

    path: str
    query: str
    authority: str


def split_target(method: str, target: str) -> Target:
    """Split a request's target.

    Args:
        method: As sent.
        target: As sent, decoded as latin-1.

    Raises:
        BrokenRule: It has none of the forms that a server of its own resources knows.
    """
    if _INVALID.search(target):
        raise BrokenRule(rules.TARGET_CHARACTERS)
    authority = ""
    if target[:1] != "/":
        if target == "*" and method == "OPTIONS":
            return Target("*", "", "")
        absolute = _ABSOLUTE.fullmatch(target)
        if not absolute:
            raise BrokenRule(rules.TARGET)
        authority, target = absolute.groups()
        check_host(authority, rules.TARGET_AUTHORITY)
        if not target and method == "OPTIONS":
            return Target("*", "", authority)
    path, _, query = target.partition("?")
    if "\\" in path:
        raise BrokenRule(rules.TARGET_CHARACTERS)
    return Target(path or "/", query, authority)


def check_host(value: str, rule: Rule = rules.HOST) -> None:
    """Check the value of a Host header, or the authority of a URL.

    Args:
        value: Without white space around it.
        rule: What a malformed one breaks.

    Raises:
        BrokenRule: It is not HOST or HOST:PORT.
    """
    match = _HOST.fullmatch(value)
    if match is None:
        raise BrokenRule(rule)
    address, port = match.groups()
    if (port and int(port) > MAX_PORT) or (address and not _is_ipv6(address)):
        raise BrokenRule(rule)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
