"""The parts of a response's head: what is checked of each, and kept for the next response.

A response must not be split: whatever an app takes from a request, no header can end its line.

Source: RFC 9110, sections 5.1 and 5.5; RFC 9112, section 4; PEP 3333. The expressions are those of
gunicorn.
"""

import time
from email.utils import formatdate
from typing import Final

from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName
from gunicorn.http.message import TOKEN_RE
from gunicorn.http.wsgi import HEADER_VALUE_RE, STATUS_RE
from gunicorn.util import is_hoppish

Headers = list[tuple[str, str]]

PLAIN: Final = "plain"
LENGTH: Final = "content-length"
_MOST_KEPT: Final = 512


class _Names(dict[str, str]):
    """What each header's name means for the response; those that are met first are kept."""

    def __missing__(self, name: str) -> str:
        if not TOKEN_RE.fullmatch(name):
            raise InvalidResponseHeaderName(repr(name))
        lower = name.lower()
        kind = lower if lower == LENGTH or is_hoppish(name) else PLAIN
        if len(self) < _MOST_KEPT:
            self[name] = kind
        return kind


class _Statuses(dict[str, int]):
    """The code of each status line; those that are met first are kept."""

    def __missing__(self, status: str) -> int:
        if not isinstance(status, str):
            raise TypeError(f"{status!r} is not a string")
        if not STATUS_RE.fullmatch(status):
            raise ValueError(f"Invalid status {status!r}")
        code = int(status[:3])
        if len(self) < _MOST_KEPT:
            self[status] = code
        return code


class _Date:
    """The time as the header has it, which changes once a second."""

    def __init__(self) -> None:
        self._second, self._text = 0, ""

    def text(self) -> str:
        """Return the present time."""
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


NAMES: Final = _Names()
STATUSES: Final = _Statuses()
DATE: Final = _Date()


def check_values(headers: Headers) -> None:
    """Check the values of all headers at once; that of one is found only if something is wrong."""
    try:
        if HEADER_VALUE_RE.fullmatch("".join([value for _, value in headers])):
            return
    except TypeError:
        pass
    for name, value in headers:
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is not a string")
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a string")
        if not HEADER_VALUE_RE.fullmatch(value):
            # The name only: the value may hold a secret.
            raise InvalidResponseHeader(repr(name))
