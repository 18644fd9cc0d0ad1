"""Ids of requests: random UUIDs of version 4, as hex digits.

The randomness is the system's, taken for many requests at once: a call for each costs more than all
the rest of an id, and Python's own generators repeat where a program seeds them.

Source: RFC 9562, section 5.4.
"""

import os
import weakref
from collections.abc import Iterator
from typing import Final

IDS_AT_ONCE: Final = 128
_BYTES: Final = 16
_DIGITS: Final = 2 * _BYTES
_VARIANT: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


class RequestIds:
    """An endless supply of ids; after a fork the child has its own."""

    def __init__(self) -> None:
        self._left: Iterator[str] = iter(())
        itself = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forget_left(itself))

    def next(self) -> str:
        """Return the 32 hex digits of a new id; from any thread."""
        for digits in self._left:
            return digits
        made = _new_ids()
        self._left = iter(made[1:])
        return made[0]

    def forget_left(self) -> None:
        """Leave the ids that are left to the parent process."""
        self._left = iter(())


def uuid_text(digits: str) -> str:
    """Return the usual spelling of a UUID.

    Args:
        digits: 32 hex digits.
    """
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _new_ids() -> list[str]:
    digits = os.urandom(_BYTES * IDS_AT_ONCE).hex()
    return [_version_4(digits[at : at + _DIGITS]) for at in range(0, len(digits), _DIGITS)]


def _version_4(digits: str) -> str:
    return f"{digits[:12]}4{digits[13:16]}{_VARIANT[digits[16]]}{digits[17:]}"


def _forget_left(ids: "weakref.ref[RequestIds]") -> None:
    found = ids()
    if found is not None:
        found.forget_left()
