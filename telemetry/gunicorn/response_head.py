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

Header = tuple[str, str]
Headers = list[Header]

LENGTH: Final = "content-length"
_MOST_KEPT: Final = 512
_LONGEST_KEPT: Final = 256
_RECURRING: Final = frozenset(
    {
        *("access-control-allow-credentials", "access-control-allow-headers"),
        *("access-control-allow-methods", "access-control-allow-origin", "allow", "cache-control"),
        *("content-encoding", "content-language", "content-security-policy", "content-type"),
        *("permissions-policy", "referrer-policy", "strict-transport-security", "vary"),
        *("x-content-type-options", "x-frame-options", "x-xss-protection"),
    }
)
"""Names whose values recur from response to response, and hold no secret."""


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


class _Lines(dict[Header, str]):
    """The lines of headers that were checked and mean nothing for the connection."""

    def keep(self, header: Header, line: str) -> None:
        """Keep a line, where it is likely to recur."""
        name, value = header
        if name.lower() not in _RECURRING or len(value) > _LONGEST_KEPT:
            return
        # An app that varies them has them checked anew, as without this.
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[header] = line


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
LINES: Final = _Lines()
DATE: Final = _Date()


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


def early_hints(headers: Headers) -> bytes:
    """Return the head of a ``103 Early Hints``.

    Raises:
        InvalidResponseHeaderName: A name is malformed.
        InvalidResponseHeader: A value is.
    """
    hints = [(_text(name), _text(value)) for name, value in headers]
    check_values(hints)
    lines = ["HTTP/1.1 103 Early Hints\r\n"]
    for name, value in hints:
        STARTS[name]  # checks it
        lines += (name, ": ", value.strip(" \t"), "\r\n")
    return "".join((*lines, "\r\n")).encode("latin-1")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
