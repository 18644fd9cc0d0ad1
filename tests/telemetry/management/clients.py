"""A management port for tests, and clients that receive its bytes."""

import json
import socket
from contextlib import contextmanager

from telemetry.config import TelemetryConfig
from telemetry.flight_recorder.request_list import RequestList
from telemetry.flight_recorder.ring import Ring
from telemetry.guard import Guard
from telemetry.management import Management
from telemetry.metrics import Metrics
from tests.machine import PATIENCE_SECONDS

VERDICTS = {
    "/health": lambda: (503, {"success": False, "status": "unhealthy"}),
    "/health/liveness": lambda: (200, {"status": "alive"}),
    "/health/readiness": lambda: (503, {"status": "draining", "reasons": ["SIGTERM"]}),
}


@contextmanager
def serving(
    *,
    config=None,
    verdicts=None,
    in_flight=tuple,
    greenlets=tuple,
    strict=True,
    pages=None,
    **options,
):
    """Serve a management port; its ``errors`` are the places where the guard swallowed one."""
    errors = []
    management = Management(
        config or TelemetryConfig(management_port=0),
        Metrics(),
        Guard(strict=strict, on_error=errors.append),
        health_verdicts=VERDICTS if verdicts is None else verdicts,
        in_flight=in_flight,
        greenlets=greenlets,
        debug_pages={
            "/debug/requests": RequestList(in_flight, lambda: Ring(0), lambda *_: ()).page,
            **(pages or {}),
        },
        **options,
    )
    management.errors, management.metrics = errors, management._metrics
    management.clients = []
    management.start()
    try:
        yield management
    finally:
        management.stop()
        for client in management.clients:
            client.close()


def connect(management, host="127.0.0.1"):
    """Open a connection that is closed when the management port is."""
    client = Client(management.port, host)
    management.clients.append(client)
    return client


class Client:
    """One connection."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=PATIENCE_SECONDS)
        self.received = b""

    def send(self, data):
        self.socket.sendall(data)
        return self

    def answer(self, *, body=True):
        """Receive status, headers and body; ``None`` when the server closed instead."""
        while b"\r\n\r\n" not in self.received:
            if not self._receive():
                return None
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["Content-Length"]) if body else 0
        while len(self.received) < length:
            assert self._receive(), "closed within a body"
        content, self.received = self.received[:length], self.received[length:]
        return int(first.split(" ")[1]), headers, content

    def _receive(self):
        try:
            more = self.socket.recv(65536)
        except ConnectionError:
            more = b""
        self.received += more
        return more

    def ended(self, timeout_seconds=PATIENCE_SECONDS):
        """Return whether the server closes without sending more."""
        self.socket.settimeout(timeout_seconds)
        try:
            return self._receive() == b""
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()


def get(management, path, *, method="GET", headers=""):
    """Send one request on a connection of its own."""
    client = Client(management.port)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
    answer = client.send(head.encode()).answer(body=method != "HEAD")
    assert client.ended()
    client.close()
    return answer


def get_json(management, path):
    status, headers, body = get(management, path)
    return status, headers["Content-Type"], json.loads(body)
