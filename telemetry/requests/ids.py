"""Ids of requests: random UUIDs of version 4, as hex digits.

The randomness is the system's, taken for many requests at once: a call for each costs more than all
the rest of an id, and Python's own generators repeat where a program seeds them.

Source: RFC 9562, section 5.4.
"""

import os
import weakref
from typing import Final

IDS_AT_ONCE: Final = 128
_BYTES: Final = 16
_DIGITS: Final = 2 * _BYTES
_TEXT: Final = 36
_DASHES: Final = frozenset({8, 13, 18, 23})
_COLUMNS: Final = tuple(at for at in range(_TEXT) if at not in _DASHES)
_VERSION_AT: Final = 6
_VARIANT_AT: Final = 8
_WITH_VERSION: Final = bytes(0x40 | byte & 0x0F for byte in range(256))
_WITH_VARIANT: Final = bytes(0x80 | byte & 0x3F for byte in range(256))

RequestId = tuple[str, str]
"""32 hex digits, and the usual spelling of the same UUID."""


class RequestIds:
    """An endless supply of ids; after a fork the child has its own."""

    def __init__(self) -> None:
        self._left: list[RequestId] = []
        itself = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forget_left(itself))

    def next(self) -> RequestId:
        """Return a new id; from any thread."""
        try:
            return self._left.pop()
        except IndexError:
            made = _new_ids()
            # Before another thread can take them all.
            first = made.pop()
            self._left = made
            return first

    def forget_left(self) -> None:
        """Leave the ids that are left to the parent process."""
        self._left = []


def uuid_text(digits: str) -> str:
    """Return the usual spelling of a UUID.

    Args:
        digits: 32 hex digits.
    """
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _new_ids() -> list[RequestId]:
    # Column by column for all of them: piece by piece for each costs three times as much.
    random = bytearray(os.urandom(_BYTES * IDS_AT_ONCE))
    for at, table in ((_VERSION_AT, _WITH_VERSION), (_VARIANT_AT, _WITH_VARIANT)):
        random[at::_BYTES] = random[at::_BYTES].translate(table)
    digits = random.hex()
    encoded, spelled = digits.encode(), bytearray(b"-" * (_TEXT * IDS_AT_ONCE))
    for column, at in enumerate(_COLUMNS):
        spelled[at::_TEXT] = encoded[column::_DIGITS]
    texts = spelled.decode()
    return [
        (digits[at * _DIGITS : (at + 1) * _DIGITS], texts[at * _TEXT : (at + 1) * _TEXT])
        for at in range(IDS_AT_ONCE)
    ]


def _forget_left(ids: "weakref.ref[RequestIds]") -> None:
    found = ids()
    if found is not None:
        found.forget_left()
