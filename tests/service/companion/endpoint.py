"""An endpoint that answers with recorded bytes, whatever it is asked."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.server import StreamServer

PAUSE_SECONDS = 0.002
"""Between two parts, so that they arrive as two."""


@dataclass
class Endpoint:
    """A server on a free port of the loopback interface.

    Args:
        answers: Of each request in turn, as parts; the last one is repeated. ``...`` as a part
            keeps the connection open until the server stops.
    """

    answers: list[Iterable[Any]]
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    def _serve(self, connection: Any, _: Any) -> None:
        with connection, connection.makefile("rb") as lines:
            target = lines.readline().decode().split(" ")[1]
            headers = {}
            while line := lines.readline().decode().strip():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = json.loads(lines.read(int(headers["content-length"])))
            self.requests.append((target, headers, body))
            for part in self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]:
                if part is ...:
                    gevent.sleep(3600)
                connection.sendall(part)
                gevent.sleep(PAUSE_SECONDS)


@contextmanager
def endpoint(*answers: Iterable[Any]) -> Iterator[Endpoint]:
    """Serve these answers during the block."""
    served = Endpoint(list(answers))
    server = StreamServer(("127.0.0.1", 0), served._serve)
    server.start()
    served.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield served
    finally:
        server.stop(timeout=0)


def response(
    *body: bytes, status: int = 200, kind: str = "text/event-stream", **headers: str
) -> list[Any]:
    """Return a response that ends with its connection, in parts."""
    lines = {"Content-Type": kind, "Connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return [f"HTTP/1.1 {status} Recorded\r\n{head}\r\n".encode(), *body]
