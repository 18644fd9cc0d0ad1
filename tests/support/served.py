"""Servers of the standard library, in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import TCPServer
from typing import Final

_POLL_SECONDS: Final = 0.01
"""Of `serve_forever`, whose end else takes half a second."""


@contextmanager
def served(server: TCPServer) -> Iterator[int]:
    """Let a server serve for the block, which closes it.

    Args:
        server: Bound.

    Yields:
        Its port.
    """
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
