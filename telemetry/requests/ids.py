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
_GROUPED: Final = 40
"""Characters of an id whose digits stand in groups of four, each with a dash behind it."""
_NO_DASHES_AT: Final = (34, 29, 4)
"""Where the usual spelling has none of these dashes, from the last one on."""
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
    # Each step is one for all of them: piece by piece for each costs five times as much.
    random = bytearray(os.urandom(_BYTES * IDS_AT_ONCE))
    for at, table in ((_VERSION_AT, _WITH_VERSION), (_VARIANT_AT, _WITH_VARIANT)):
        random[at::_BYTES] = random[at::_BYTES].translate(table)
    spelled = bytearray(random.hex("-", 2), "ascii")
    spelled[_GROUPED - 1 :: _GROUPED] = b" " * (IDS_AT_ONCE - 1)
    for removed, at in enumerate(_NO_DASHES_AT):
        del spelled[at :: _GROUPED - removed]
    return list(zip(random.hex(" ", _BYTES).split(" "), spelled.decode().split(" "), strict=True))


def _forget_left(ids: "weakref.ref[RequestIds]") -> None:
    found = ids()
    if found is not None:
        found.forget_left()
