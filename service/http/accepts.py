"""What a client accepts: the best of several media types or content codings.

A field that is absent, empty or malformed accepts everything. Parameters of media ranges do not
count: clients write ``application/json; charset=utf-8`` and mean the type.

Source: RFC 9110, sections 12.4.2 (quality), 12.5.1 (Accept) and 12.5.3 (Accept-Encoding).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_ELEMENT: Final = re.compile(
    rf"[ \t]*(?P<name>{_NAME}(?:/{_NAME})?)"
    # White space has one reading only, so that a long field is matched in linear time.
    rf"(?P<parameters>(?:[ \t]*;(?:[ \t]*{_NAME}=(?:{_NAME}|{_QUOTED}))?)*)"
    r"[ \t]*(?:,|$)"
)
_QUOTED_TEXT: Final = re.compile(_QUOTED)
_QUALITY: Final = re.compile(r";[ \t]*[qQ]=(?P<value>[^; \t]*)")
_VALUE: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_EMPTY: Final = re.compile(r"[ \t,]*")
_CACHED_FIELDS: Final = 512
"""Clients of one kind send the same field in every request."""


@lru_cache(_CACHED_FIELDS)
def best_type(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return the offered media type that a client likes best.

    Args:
        accept: Value of ``Accept``; empty when it is absent.
        offered: Without parameters, the server's favourite first.

    Returns:
        ``None`` when the client accepts none of them.
    """
    ranges = _parse(accept)
    if ranges is None:
        return offered[0]
    return _best(offered, [_type_quality(one, ranges) for one in offered])


@lru_cache(_CACHED_FIELDS)
def best_coding(accept_encoding: str, offered: tuple[str, ...]) -> str | None:
    """Return the offered content coding that a client likes best.

    Args:
        accept_encoding: Value of ``Accept-Encoding``; empty when it is absent.
        offered: In lower case, the server's favourite first.

    Returns:
        ``None`` when the content should be sent as it is: the client asks for that, prefers it, or
        accepts no other form.
    """
    codings = _parse(accept_encoding) or {}
    others = codings.get("*", 0.0)
    qualities = [codings.get(one, others) for one in offered]
    found = _best(offered, qualities)
    if found is None or max(qualities) < codings.get("identity", 0.0):
        return None
    return found


def _best(offered: Sequence[str], qualities: Sequence[float]) -> str | None:
    best = max(qualities)
    return offered[qualities.index(best)] if best > 0 else None


def _type_quality(offered: str, ranges: Mapping[str, float]) -> float:
    for one in (offered, f"{offered.partition('/')[0]}/*", "*/*"):
        if one in ranges:
            return ranges[one]
    return 0.0


def _parse(field: str) -> dict[str, float] | None:
    """Return the quality of each element; ``None`` when the field has none or is malformed."""
    found: dict[str, float] = {}
    at = _EMPTY.match(field).end()  # type: ignore[union-attr]  # it matches nothing, too
    while at < len(field):
        element = _ELEMENT.match(field, at)
        quality = _quality(element["parameters"]) if element else None
        if element is None or quality is None:
            return None
        name = element["name"].lower()
        found[name] = max(quality, found.get(name, 0.0))
        at = _EMPTY.match(field, element.end()).end()  # type: ignore[union-attr]
    return found or None


def _quality(parameters: str) -> float | None:
    found = _QUALITY.search(_QUOTED_TEXT.sub("", parameters))
    if found is None:
        return 1.0
    return float(found["value"]) if _VALUE.fullmatch(found["value"]) else None
