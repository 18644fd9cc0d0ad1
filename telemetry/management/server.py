"""A small HTTP server on native threads: one that accepts, one for each of a few connections.

It uses only ``_socket`` and what ``native`` provides, so it serves while the hub is blocked.
Everything is bounded: connections, head, and the time that a client may take. A client can break
its own connection and nothing else.
"""

import _socket
import os
import select
import time
from typing import Final

import gevent

from telemetry.guard import Guard
from telemetry.management.connection import Connection, Limits, Refuse, RequestHandler
from telemetry.native import NativeThread, new_poll, sleep, start_thread

PAUSE_AFTER_ERROR_SECONDS: Final = 0.1
STOP_POLL_SECONDS: Final = 0.002
FRESH_SECONDS: Final = 0.25
"""A client that has just connected is about to send; closing its connection would be a reset."""


class NativeServer:
    """Serves a listening socket.

    Args:
        listener: Bound and listening; closed by ``stop``. Another process may accept from it too.
        handle_request: Called in a connection's thread with each request.
        refuse: Called in a connection's thread with the rule that a request breaks.
        guard: For native threads.
        limits: What clients may use.
    """

    def __init__(
        self,
        listener: _socket.socket,
        handle_request: RequestHandler,
        refuse: Refuse,
        guard: Guard,
        limits: Limits,
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._handle_request = handle_request
        self._refuse = refuse
        self._guard = guard
        self._limits = limits
        self._connections: set[Connection] = set()
        self._stopping = False
        self._wake_read, self._wake_write = os.pipe()
        self._thread = NativeThread(self._run)

    def start(self) -> None:
        """Begin to serve; after the fork, from the thread whose hub serves requests."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 1.0) -> None:
        """Stop accepting, let responses go out, then close; yields meanwhile.

        Args:
            timeout_seconds: How long responses may take to go out.
        """
        self._stopping = True
        os.write(self._wake_write, b"x")
        deadline = time.monotonic() + timeout_seconds
        while not self._thread.ended or self._connections:
            now = time.monotonic()
            late = now >= deadline
            # copy() is one step for other threads, as adding and discarding are.
            for connection in self._connections.copy():
                since = connection.waiting_since
                if late or (since is not None and now - since >= FRESH_SECONDS):
                    connection.shut()
            if late:
                break
            gevent.sleep(STOP_POLL_SECONDS)
        if self._thread.ended:
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _run(self) -> None:
        poll = new_poll()
        poll.register(self._listener.fileno(), select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while not self._stopping:
            poll.poll()
            with self._guard.at("management.accept"):
                if not self._stopping:
                    self._accept()
        self._listener.close()

    def _accept(self) -> None:
        try:
            descriptor, address = self._listener._accept()  # type: ignore[attr-defined]
        except (BlockingIOError, ConnectionError):
            return  # another process took it, or the client has gone
        except OSError:
            # Out of descriptors or memory: without a pause this loop would take a whole core.
            sleep(PAUSE_AFTER_ERROR_SECONDS)
            raise
        accepted = _socket.socket(fileno=descriptor)
        client = address[0] if isinstance(address, tuple) else ""
        has_room = self._has_room()
        connection = Connection(
            accepted,
            client,
            self._handle_request,
            refuse=self._refuse,
            guard=self._guard,
            limits=self._limits,
            open_connections=self._connections,
        )
        if not has_room:
            connection.reject()
            return
        try:
            start_thread(connection.run)
        except RuntimeError:  # no more threads
            connection.close()
            raise

    def _has_room(self) -> bool:
        """Return whether another connection may be served; ends the longest-waiting one for it."""
        connections = self._connections.copy()
        if len(connections) < self._limits.connections:
            return True
        waiting = [
            (since, each) for each in connections if (since := each.waiting_since) is not None
        ]
        if waiting:
            min(waiting, key=lambda pair: pair[0])[1].shut()
        return bool(waiting)
