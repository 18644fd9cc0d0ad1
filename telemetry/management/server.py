"""A small HTTP server on native threads: one that accepts, one for each of a few connections.

Only ``_socket`` and what ``native`` hands out is used, so it serves while the hub is blocked.
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
from telemetry.management.connection import Answer, Connection, Limits
from telemetry.native import NativeThread, new_poll, sleep, start_beside

PAUSE_SECONDS: Final = 0.1


class NativeServer:
    """Serves a listening socket.

    Args:
        listener: Bound and listening; closed by ``stop``. Another process may accept from it too.
        answer: Called in a connection's thread with each request.
        guard: For native threads.
        limits: What clients may use up.
    """

    def __init__(
        self, listener: _socket.socket, answer: Answer, guard: Guard, limits: Limits
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._answer = answer
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
        """Accept no more, let answers go out, then close; yields meanwhile.

        Args:
            timeout_seconds: How long answers may take to go out.
        """
        self._stopping = True
        os.write(self._wake_write, b"x")
        deadline = time.monotonic() + timeout_seconds
        while not self._thread.ended or self._connections:
            late = time.monotonic() >= deadline
            for connection in (
                self._connections.copy()
            ):  # one step for other threads, as adding and discarding are
                if late or connection.waiting_since is not None:
                    connection.shut()
            if late:
                break
            gevent.sleep(0.002)
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
        except (
            BlockingIOError,
            ConnectionError,
        ):  # another process took it, or the client has gone
            return
        except OSError:
            sleep(
                PAUSE_SECONDS
            )  # out of descriptors or memory: without a pause this loop would take a whole core
            raise
        accepted = _socket.socket(fileno=descriptor)
        client = address[0] if isinstance(address, tuple) else ""
        has_room = self._has_room()
        connection = Connection(
            accepted, client, self._answer, self._guard, self._limits, self._connections
        )
        if not has_room:
            connection.refuse()
            return
        try:
            start_beside(connection.run)
        except RuntimeError:  # no more threads
            connection.close()
            raise

    def _has_room(self) -> bool:
        connections = self._connections.copy()
        if len(connections) < self._limits.connections:
            return True
        waiting = [
            (since, each) for each in connections if (since := each.waiting_since) is not None
        ]
        if waiting:
            min(waiting, key=lambda pair: pair[0])[1].shut()
        return bool(waiting)
