"""Where a request's body ends: none, a length, or chunks.

A doubt about the end of a body is a doubt about where the next request begins: a client could hide
one from a proxy in front. So whatever two readers could understand differently is refused.

Source: RFC 9112, sections 6 and 11.2 (request smuggling).
"""

import re
from typing import Final

from telemetry.http1 import rules
from telemetry.http1.rules import BrokenRule

CHUNKED: Final = -1
"""Stands for the length of a body that is sent in chunks."""

KNOWN_CODINGS: Final = ("compress", "deflate", "gzip", "identity", "x-compress", "x-gzip")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_CODING: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def body_length(lengths: list[str], codings: list[str], *, http_1_0: bool = False) -> int | None:
    """Return the length of a request's body.

    Args:
        lengths: The value of each Content-Length field, without white space around it.
        codings: The value of each Transfer-Encoding field, likewise.
        http_1_0: The request is HTTP/1.0, which has no transfer codings.

    Returns:
        Bytes, ``CHUNKED``, or ``None`` for a request that announces no body.

    Raises:
        BrokenRule: The end of the body is in doubt.
    """
    if codings:
        if http_1_0:
            raise BrokenRule(rules.CODING_VERSION)
        if lengths:
            raise BrokenRule(rules.LENGTH_AND_CODING)
        if len(codings) > 1 or codings[0].lower() != "chunked":
            raise BrokenRule(_broken_coding(",".join(codings)))
        return CHUNKED
    if not lengths:
        return None
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        too_long = len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit()
        raise BrokenRule(rules.LENGTH_SIZE if too_long else rules.LENGTH)
    return int(lengths[0])


def _broken_coding(value: str) -> rules.Rule:
    """Return the rule that a Transfer-Encoding other than ``chunked`` breaks."""
    codings = [each.strip(" \t").lower() for each in value.split(",")]
    if not all(map(_CODING.fullmatch, codings)) or "chunked" in codings[:-1]:
        return rules.CODING
    if "identity" in codings or (codings[-1] != "chunked" and codings[-1] in KNOWN_CODINGS):
        return rules.CODING  # the body's end cannot be known
    return rules.CODING_UNKNOWN
