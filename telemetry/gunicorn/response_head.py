"""The parts of a response's head: what is checked of each, and kept for the next response.

A response must not be split: whatever an app takes from a request, no header can end its line.

Source: RFC 9110, sections 5.1 and 5.5; RFC 9112, section 4; PEP 3333. The expressions are those of
gunicorn.
"""

import re
import time
from email.utils import formatdate
from typing import Final

from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName
from gunicorn.http.message import TOKEN_RE
from gunicorn.http.wsgi import HEADER_VALUE_RE, STATUS_RE
from gunicorn.util import is_hoppish

Headers = list[tuple[str, str]]

LENGTH: Final = "content-length"
_MOST_KEPT: Final = 512


class _Starts(dict[str, str]):
    """What each header's line begins with; those of names that are met first are kept.

    Empty for names that mean something for the connection.
    """

    def __missing__(self, name: str) -> str:
        if not TOKEN_RE.fullmatch(name):
            raise InvalidResponseHeaderName(repr(name))
        # By its characters: a subclass of str may have another text.
        plain = name.lower() != LENGTH and not is_hoppish(name)
        start = "".join((name, ": ")) if plain else ""
        if len(self) < _MOST_KEPT:
            self[name] = start
        return start


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


STARTS: Final = _Starts()
STATUSES: Final = _Statuses()
DATE: Final = _Date()


_LINES: Final = re.compile(rf"(?:[^:\r\n]+: {HEADER_VALUE_RE.pattern}\r\n)*")


def are_lines(text: str, count: int) -> bool:
    """Return whether a text is so many whole header lines with allowed values, and nothing else."""
    return text.count("\r\n") == count and _LINES.fullmatch(text) is not None


def check_values(headers: Headers) -> None:
    """Check the values of headers.

    Raises:
        TypeError: A name or a value is no text.
        InvalidResponseHeader: A value holds what would end its line.
    """
    for name, value in headers:
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is not a string")
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not a string")
        if not HEADER_VALUE_RE.fullmatch(value):
            # The name only: the value may hold a secret.
            raise InvalidResponseHeader(repr(name))
