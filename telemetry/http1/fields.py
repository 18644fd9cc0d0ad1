"""The header lines of a request, and those of a trailer.

Source: RFC 9110, section 5; RFC 9112, section 5.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from telemetry.http1 import rules
from telemetry.http1.rules import BrokenRule

_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Fields = Mapping[str, list[str]]
"""The values of each field, by lower-case name, in the order in which they were sent."""


def parse_fields(lines: Iterable[bytes], *, most: int, line_bytes: int) -> dict[str, list[str]]:
    """Parse header lines.

    A name with an underscore is left out: in an environ it would be the same as one with a hyphen,
    so that a client could set what only a proxy may.

    Args:
        lines: Without their ends.
        most: Most lines.
        line_bytes: Longest line, with its end.

    Raises:
        BrokenRule: A line is no header, or there is too much.
    """
    fields: dict[str, list[str]] = {}
    for number, line in enumerate(lines):
        if number >= most or len(line) + 2 > line_bytes:
            raise BrokenRule(rules.FIELDS_SIZE)
        match = _LINE.fullmatch(line)
        if match is None:
            raise BrokenRule(_broken_line(line))
        name, value = match.groups()
        if b"_" not in name:
            fields.setdefault(name.decode("ascii").lower(), []).append(
                value.rstrip(b" \t").decode("latin-1")
            )
    if len(fields.get("content-type", ())) > 1:
        raise BrokenRule(rules.REPEATED)
    return fields


def members(values: Iterable[str]) -> list[str]:
    """Split a field that is a list into its members, in lower case."""
    return [
        member.strip(" \t").lower() for value in values for member in value.split(",") if member
    ]


def _broken_line(line: bytes) -> rules.Rule:
    if line[:1] in (b" ", b"\t"):
        return rules.FOLDING
    name, colon, _ = line.partition(b":")
    if b"\r" in line or b"\n" in line:
        return rules.LINE_END
    if not colon or not name:
        return rules.FIELD_LINE
    return rules.FIELD_VALUE if _NAME.fullmatch(name) else rules.FIELD_NAME
