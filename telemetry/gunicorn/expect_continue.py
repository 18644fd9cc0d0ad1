"""``Expect: 100-continue``: a client sends its body only once the app reads it.

gunicorn would ask for the body before the app has decided whether to read it.

Source: RFC 9110, section 10.1.1.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class ExpectContinueBody:
    """A request body that is asked for at its first read.

    Args:
        body: The server's own.
        send_continue: Asks the client to send the body.
    """

    def __init__(self, body: Any, send_continue: Callable[[], object]) -> None:
        self._body = body
        self._send_continue = send_continue
        self.requested = False

    def read(self, size: int | None = None) -> bytes:
        """Read as ``wsgi.input`` of PEP 3333 does, as the other methods do."""
        found: bytes = self._requested_body().read(size)
        return found

    def readline(self, size: int | None = None) -> bytes:
        """Read one line, with its end."""
        found: bytes = self._requested_body().readline(size)
        return found

    def readlines(self, hint: int | None = None) -> list[bytes]:
        """Read all lines."""
        found: list[bytes] = self._requested_body().readlines(hint)
        return found

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._requested_body())

    def _requested_body(self) -> Any:
        if not self.requested:
            self.requested = True
            self._send_continue()
        return self._body
