"""A strict reader of log lines: what any other parser may refuse is an error."""

import json
from typing import Any


def read_lines(data: bytes) -> list[dict[str, Any]]:
    """The objects of whole lines; each is ASCII, within its bound, and strict JSON."""
    assert data.isascii()
    assert data == b"" or data.endswith(b"\n")
    assert all(byte >= 0x20 or byte == 0x0A for byte in data)
    return [read_line(line) for line in data.split(b"\n")[:-1]]


def read_line(line: bytes) -> dict[str, Any]:
    """One line, by RFC 8259 and RFC 7493: no constants, no duplicates, whole characters."""
    assert len(line) <= 131_072
    found = json.loads(line, parse_constant=_refuse, object_pairs_hook=_unique, parse_int=_integer)
    assert isinstance(found, dict)
    json.dumps(found, ensure_ascii=False).encode("utf-8")  # raises for half a surrogate pair
    return found


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), f"duplicate names in {pairs}"
    return found


def _integer(digits: str) -> int:
    value = int(digits)
    assert -(2**63) <= value < 2**64
    return value
