"""The ``tracestate`` of a caller: read by the grammar of level 2, bounded, and passed on.

Headers are untrusted text. An entry outside the grammar is left out alone and without a log line,
so that it takes no other system's entry with it; where a key comes twice, the first entry counts,
for a system writes its newest one to the left. Nothing here depends on a request.

Source: W3C Trace Context, level 2, sections 3.3 and 3.5.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final, Self

from opentelemetry.trace import TraceState

_log = logging.getLogger("telemetry.tracestate")

_OPTIONAL_WHITESPACE: Final = " \t"
# Sections 3.3.2.2.1 and 3.3.2.2.2.
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_\-*/@]{0,255}")
_VALUE: Final = re.compile(r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")
_MEMBER: Final = re.compile(rf"({_KEY.pattern})=({_VALUE.pattern})")

MAX_MEMBERS: Final = 32
LONGEST_MEMBER: Final = 256 + len("=") + 256
CERTAIN_LENGTH: Final = 512
"""Characters that are passed on of any list, if it has so many: section 3.3.3.1."""

MAX_LENGTH: Final = CERTAIN_LENGTH + len(",") + LONGEST_MEMBER
"""Characters of a list that are passed on at most.

Entries are left out whole: only with this bound are ``CERTAIN_LENGTH`` characters left, whatever
the length of the last one that was left out.
"""

LONG_MEMBER: Final = 128
"""Characters of an entry; longer ones are left out first."""

MAX_READ: Final = MAX_MEMBERS * (LONGEST_MEMBER + len(","))
"""Characters of a received header that are read: the longest list without white space."""

MAX_READ_MEMBERS: Final = 8 * MAX_MEMBERS
"""Entries that are read, valid or not: a client must not hold the hub with a list of thousands."""

_CACHED: Final = 256
_MAX_CACHED_LENGTH: Final = 256


def read_members(header: str) -> dict[str, str]:
    """Read a ``tracestate`` into its entries, as they are passed on.

    Args:
        header: The header's value; several headers are joined by commas, in their order.

    Returns:
        Values by key, the leftmost first; at most ``MAX_MEMBERS`` and ``MAX_LENGTH`` characters.
    """
    if len(header) > MAX_READ:
        # What follows the last comma is cut somewhere.
        header = header[:MAX_READ].rpartition(",")[0]
    members: dict[str, str] = {}
    for part in islice(filter(None, header.split(",")), MAX_READ_MEMBERS):
        match = _MEMBER.fullmatch(part.strip(_OPTIONAL_WHITESPACE))
        if match is not None:
            members.setdefault(match[1], match[2])
    return _bounded(members)


def with_member(members: Mapping[str, str], key: str, value: str) -> dict[str, str]:
    """Set an entry, which moves it to the front; the order of the others stays.

    Args:
        members: Values by key.
        key: By the grammar.
        value: By the grammar.

    Returns:
        New entries; over a bound, entries from the end are left out.
    """
    changed = {key: value}
    changed.update((each, text) for each, text in members.items() if each != key)
    return _bounded(changed)


def header_of(members: Mapping[str, str]) -> str:
    """Return entries as one header, without optional white space; empty without entries."""
    return ",".join([f"{key}={value}" for key, value in members.items()])


def _bounded(members: dict[str, str]) -> dict[str, str]:
    length = len(members) - 1 + sum(map(_length, members.items()))
    if length > MAX_LENGTH:
        long = [each for each in members.items() if _length(each) > LONG_MEMBER]
        while long and length > MAX_LENGTH:
            member = long.pop()
            length -= _length(member) + 1
            del members[member[0]]
    while len(members) > MAX_MEMBERS or length > MAX_LENGTH:
        length -= _length(members.popitem()) + 1
    return members


def _length(member: tuple[str, str]) -> int:
    return len(member[0]) + 1 + len(member[1])


class CarriedTraceState(TraceState):
    """A ``TraceState`` by the grammar of level 2.

    The API's own class logs and drops what only level 2 allows: a key that begins with a digit, or
    with another number of ``@``.

    Args:
        entries: Keys and values. What is not valid is logged and left out, as in the API's class:
            here a program sets them, not a header.
    """

    def __init__(self, entries: Sequence[tuple[str, str]] | None = None) -> None:
        # The name is that of the API's class, whose methods read it.
        self._dict: dict[str, str] = {}
        for key, value in entries or ():
            if key in self._dict or not _is_valid(key, value):
                _log.warning("tracestate: %s=%s is not valid, or comes twice", key, value)
            else:
                self._dict[key] = value
        if len(self._dict) > MAX_MEMBERS:
            _log.warning("tracestate: more than %d entries", MAX_MEMBERS)
            self._dict = {}

    @classmethod
    def of(cls, members: dict[str, str]) -> Self:
        """Make one of entries that are valid."""
        state = cls()
        state._dict = members
        return state

    @classmethod
    def from_header(cls, header_list: Iterable[str]) -> Self:
        """Read one or more headers; see ``read_members``."""
        return cls.of(read_members(",".join(header_list)))

    def add(self, key: str, value: str) -> TraceState:
        """Return a state with one more entry in front; this one where that is not valid."""
        if key in self._dict or len(self._dict) >= MAX_MEMBERS:
            _log.warning("tracestate: %s exists, or there are %d entries", key, MAX_MEMBERS)
            return self
        return self.update(key, value)

    def update(self, key: str, value: str) -> TraceState:
        """Return a state with an entry set and moved to the front; this one where it is invalid."""
        if not _is_valid(key, value):
            _log.warning("tracestate: %s=%s is not valid", key, value)
            return self
        if key not in self._dict and len(self._dict) >= MAX_MEMBERS:
            _log.warning("tracestate: there are %d entries", MAX_MEMBERS)
            return self
        return type(self).of({key: value} | {k: v for k, v in self._dict.items() if k != key})

    def delete(self, key: str) -> TraceState:
        """Return a state without an entry; this one where it has none of that key."""
        if key not in self._dict:
            _log.warning("tracestate: there is no %s", key)
            return self
        return type(self).of({k: v for k, v in self._dict.items() if k != key})


def _is_valid(key: str, value: str) -> bool:
    return bool(_KEY.fullmatch(key) and _VALUE.fullmatch(value))


_NONE: Final = CarriedTraceState()


def parse_tracestate(header: str) -> TraceState:
    """Parse a ``tracestate`` header into the form that a span context carries.

    Args:
        header: See ``read_members``.
    """
    if not header:
        return _NONE
    return _parsed(header) if len(header) <= _MAX_CACHED_LENGTH else _parse(header)


def _parse(header: str) -> TraceState:
    return CarriedTraceState.of(read_members(header))


_parsed = lru_cache(_CACHED)(_parse)
