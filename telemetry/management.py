"""The management port: metrics, health and a look inside, answered by native threads so that a blocked hub cannot hide itself.

A few threads accept and answer one connection at a time each, so a client that hangs costs one of them until its deadline. Nothing here
touches gevent's sockets, imports or logs (``telemetry.native`` has the rules).
"""

import _socket
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from telemetry.config import TelemetryConfig
from telemetry.context import RequestRecord
from telemetry.exposition import Exposition, choose_format
from telemetry.greenlets import LivingGreenlets, stack_of, stack_of_thread
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.native import HubGuard, NativeThread, current_thread, sleep

Verdicts = Mapping[str, Callable[[], tuple[int, dict[str, Any]]]]

THREADS: Final = 4
MOST_HEADER_BYTES: Final = 8192
DEADLINE_SECONDS: Final = 5.0
# Between slices of a scrape, so that the hub gets the interpreter: 10,000 series then stall it for less than 10 ms.
YIELD_SECONDS: Final = 0.001
ACCEPT_SECONDS: Final = 0.5
LOOPBACK: Final = ("127.", "::1", "::ffff:127.")
API_PREFIX: Final = "/api/v1"


class ManagementError(OSError):
    """The management port cannot be opened; the text is one line."""


class Management:
    """Serves one worker's management port.

    Args:
        config: Address, base port, slot, and the inherited listening socket if there is one.
        metrics: What ``/metrics`` shows.
        guard: Stands around each connection.
        verdicts: Health verdicts by path, each safe to ask from any thread: status and body.
        in_flight: The requests in flight, readable from any thread.
        greenlets: The greenlets that are alive, for ``/debug/stacks``.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        metrics: Metrics,
        guard: Guard,
        verdicts: Verdicts,
        in_flight: Callable[[], Iterable[RequestRecord]],
        greenlets: LivingGreenlets,
    ) -> None:
        self._config = config
        self._exposition = Exposition(metrics.registry, guard)
        self._guard = guard
        self._pages: dict[str, Callable[[], tuple[int, Any]]] = {
            **verdicts,
            **{API_PREFIX + path: verdict for path, verdict in verdicts.items()},
            "/debug/requests": lambda: (200, [_request(record) for record in in_flight()]),
            "/debug/stacks": lambda: (200, _stacks(in_flight(), greenlets, self._main_thread)),
        }
        self._listener: _socket.socket | None = None
        self._main_thread = 0
        self._stopping = False

    @property
    def port(self) -> int:
        """The port that is listened on.

        Raises:
            RuntimeError: It has not been started.
        """
        if self._listener is None:
            raise RuntimeError("the management port has not been opened")
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Listen, and answer from now on; after the fork, from the thread whose hub serves requests.

        Raises:
            ManagementError: The port cannot be opened.
        """
        self._main_thread = current_thread()
        self._listener = self._listen()
        self._listener.settimeout(ACCEPT_SECONDS)
        self._native_guard = HubGuard(self._guard)
        for _ in range(THREADS):
            NativeThread(partial(self._serve_forever, self._listener)).start()

    def stop(self) -> None:
        """Answer no more than what is being answered; the threads end within half a second."""
        self._stopping = True

    def _listen(self) -> _socket.socket:
        config = self._config
        if config.management_fd is not None:
            return _socket.socket(fileno=config.management_fd)
        port = config.management_port + config.slot if config.management_port else 0
        family = _socket.AF_INET6 if ":" in config.management_host else _socket.AF_INET
        listener = _socket.socket(family, _socket.SOCK_STREAM)
        try:
            listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            listener.bind((config.management_host, port))
            listener.listen(64)
        except (OSError, OverflowError) as error:
            listener.close()
            why = getattr(error, "strerror", None) or error
            line = (
                f"the management port cannot listen on {config.management_host}:{port}: {why}; set TELEMETRY_MANAGEMENT_PORT to a free one"
            )
            raise ManagementError(line) from None
        return listener

    def _serve_forever(self, listener: _socket.socket) -> None:
        while not self._stopping:
            with self._native_guard.at("management"):
                try:
                    descriptor, address = listener._accept()  # type: ignore[attr-defined]
                except TimeoutError:
                    continue
                connection = _socket.socket(fileno=descriptor)
                try:
                    self._serve(connection, str(address[0]))
                finally:
                    connection.close()

    def _serve(self, connection: _socket.socket, peer: str) -> None:
        try:
            request = _read(connection)
            if request is not None:
                method, path, accept = request
                status, kind, body = self._answer(method, path, accept, peer)
                _send(connection, status, kind, body, head=method == "HEAD")
        except OSError:
            return  # the client left, or took too long: its own affair

    def _answer(self, method: str, path: str, accept: str, peer: str) -> tuple[int, str, bytes]:
        page = self._pages.get(path)
        if page is None and path != "/metrics":
            return _problem(404, "The pages are /metrics, " + ", ".join(sorted(self._pages)) + ".")
        if method not in ("GET", "HEAD"):
            return _problem(405, "This port answers GET and HEAD.")
        if page is None:
            form = choose_format(accept)
            return 200, form.content_type, b"".join(_yielding(self._exposition.render(form)))
        if path.startswith("/debug/") and not peer.startswith(LOOPBACK):
            return _problem(403, "This page is for clients on the machine itself.")
        status, body = page()
        return status, "application/json", json.dumps(body, default=str).encode()


def _yielding(slices: Iterable[bytes]) -> Iterator[bytes]:
    for part in slices:
        yield part
        sleep(YIELD_SECONDS)


def _read(connection: _socket.socket) -> tuple[str, str, str] | None:
    """Method, path and ``Accept`` of a request; ``None`` when the client closed without one."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    head = b""
    while b"\r\n\r\n" not in head:
        if len(head) > MOST_HEADER_BYTES:
            _send(connection, 431, "text/plain", b"", head=False)
            return None
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        received = connection.recv(4096)
        if not received:
            return None
        head += received
    first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        _send(connection, 400, "text/plain", b"", head=False)
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return parts[0], parts[1].partition("?")[0], headers.get("accept", "")


def _send(connection: _socket.socket, status: int, kind: str, body: bytes, *, head: bool) -> None:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(["Allow: GET, HEAD"] if status == 405 else []),
    ]
    connection.settimeout(DEADLINE_SECONDS)
    connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if head else body))


def _problem(status: int, detail: str) -> tuple[int, str, bytes]:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return status, "application/problem+json", json.dumps(body).encode()


def _request(record: RequestRecord) -> dict[str, Any]:
    return {
        "request_id": record.request_id,
        "trace_id": record.trace_id,
        "method": record.method,
        "route": record.route,
        "path": record.path,
        "age_seconds": round((time.perf_counter_ns() - record.started_ns) / 1e9, 6),
        "waits": dict(record.waits),
        "response_bytes": record.response_bytes,
    }


def _stacks(in_flight: Iterable[RequestRecord], greenlets: LivingGreenlets, main_thread: int) -> dict[str, Any]:
    serving = {id(record.greenlet): record for record in in_flight}
    return {
        "pid": os.getpid(),
        "greenlets": [
            {
                "name": repr(one),
                "request": _request(serving[id(one)]) if id(one) in serving else None,
                "stack": stack_of(one.gr_frame),
            }
            for one in greenlets()
        ],
        "running": stack_of_thread(main_thread),
    }
