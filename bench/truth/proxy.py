"""A proxy before MongoDB that measures each command: ``python -m bench.truth.proxy PORT FILE``.

A command lasts from the arrival of its last byte, by the kernel's stamp, until its answer is passed
on. Each one with a marker is a line of the file: the number of its request, and in nanoseconds of
the wall clock the arrival, and the times before and after its answer was passed on.
"""

import argparse
import os
import re
import select
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Final, TextIO

from bench.truth.stamps import receive, stamp

_MARKER: Final = re.compile(rb"marker-(\d{6})")
_HEADER: Final = struct.Struct("<iii")
"""Length, id and the id that is answered.

Source: MongoDB Wire Protocol, standard message header.
"""
_RECEIVE_BYTES: Final = 262_144


@dataclass(slots=True, eq=False)
class Side:
    """One end of a connection through the proxy.

    Args:
        socket: Not blocking.
        is_server: It is MongoDB's end.
    """

    socket: socket.socket
    is_server: bool
    peer: "Side" = field(init=False)
    received: bytes = b""
    open: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of the client's end: number of the request and time of each command, by its id."""

    def messages(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole with what was received."""
        received, whole = self.received + data, []
        while len(received) >= 4 and len(received) >= (size := _HEADER.unpack_from(received)[0]):
            whole.append(received[:size])
            received = received[size:]
            if len(received) < _HEADER.size:
                break
        self.received = received
        return whole


class Proxy:
    """All connections, in one thread.

    Args:
        upstream: Port of MongoDB.
        file: Where the commands are written.
    """

    def __init__(self, upstream: int, file: TextIO) -> None:
        self._upstream = upstream
        self._file = file
        self._epoll = select.epoll()
        self._sides: dict[int, Side] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Serve until the process is ended."""
        while True:
            for number, _ in self._epoll.poll():
                if number == self._listener.fileno():
                    self._accept()
                elif side := self._sides.get(number):
                    self._pass_on(side)
            self._file.flush()

    def _accept(self) -> None:
        accepted, _ = self._listener.accept()
        client = Side(accepted, is_server=False)
        server = Side(socket.create_connection(("127.0.0.1", self._upstream)), is_server=True)
        client.peer, server.peer = server, client
        for side in (client, server):
            side.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            side.socket.setblocking(False)
            stamp(side.socket)
            self._sides[side.socket.fileno()] = side
            self._epoll.register(side.socket.fileno(), select.EPOLLIN)

    def _pass_on(self, side: Side) -> None:
        try:
            data, arrived_ns = receive(side.socket, _RECEIVE_BYTES)
            if data:
                answered = self._observe(side, data, arrived_ns)
                before_ns = time.time_ns()
                side.peer.socket.sendall(data)
                for number, began_ns in answered:
                    print(number, began_ns, before_ns, time.time_ns(), file=self._file)
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(side)

    def _observe(self, side: Side, data: bytes, arrived_ns: int) -> list[tuple[int, int]]:
        """Return the commands that are answered: number and arrival."""
        answered = []
        for message in side.messages(data):
            _, request_id, response_to = _HEADER.unpack_from(message)
            if side.is_server:
                command = side.peer.open.pop(response_to, None)
                if command is not None:
                    answered.append(command)
            elif found := _MARKER.search(message):
                side.open[request_id] = int(found[1]), arrived_ns
        return answered

    def _close(self, side: Side) -> None:
        for one in (side, side.peer):
            if self._sides.pop(one.socket.fileno(), None):
                one.socket.close()  # epoll forgets it


def main() -> None:
    """Serve; prints the port."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.truth.proxy")
    parser.add_argument("upstream", type=int, help="port of MongoDB on 127.0.0.1")
    parser.add_argument("file", help="where the commands are written")
    parser.add_argument("--core", type=int, help="the only core that this process may use")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    with open(options.file, "w", encoding="ascii") as file:
        proxy = Proxy(options.upstream, file)
        print(proxy.port, flush=True)
        proxy.serve()


if __name__ == "__main__":
    main()
