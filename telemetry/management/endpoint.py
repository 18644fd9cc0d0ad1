"""``Management``: what the management port of one worker serves, and on which socket.

Every answer is made in a native thread from what is in memory: nothing here waits for the hub,
reads a file or asks another service.
"""

import _socket
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import gevent
from greenlet import greenlet

from telemetry.config import SettingError, TelemetryConfig
from telemetry.exposition import Exposition, choose_format
from telemetry.guard import Guard
from telemetry.management.connection import Limits
from telemetry.management.protocol import Request, Response, json_response, problem
from telemetry.management.server import NativeServer
from telemetry.management.views import requests_view, stacks_view
from telemetry.metrics import Metrics
from telemetry.native import HubGuard, sleep
from telemetry.requests.record import RequestRecord

Verdict = Callable[[], tuple[int, Mapping[str, Any]]]
Route = Callable[[Request], Response]

BACKLOG = 64
SLICE_PAUSE_SECONDS = 0.001
METHODS = "GET, HEAD"


class Management:
    """Serves ``/metrics``, health and ``/debug`` of one worker from native threads.

    Args:
        config: Host, port and slot, or the inherited socket, which then belongs to this object.
        metrics: What ``/metrics`` shows.
        guard: Stands around each answer.
        health_verdicts: By path such as ``/health/liveness``; each gives a status code and a JSON
            body, from any thread, without I/O.
        in_flight: The requests in flight, readable from any thread.
        greenlets: The greenlets to show in ``/debug/stacks``, beside those of requests.
        limits: What clients may use up.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        metrics: Metrics,
        guard: Guard,
        health_verdicts: Mapping[str, Verdict],
        in_flight: Callable[[], Iterable[RequestRecord]],
        greenlets: Callable[[], Iterable[greenlet]] = tuple,
        *,
        limits: Limits | None = None,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._guard = guard
        self._in_flight = in_flight
        self._greenlets = greenlets
        self._limits = limits or Limits()
        self._hub_thread = 0
        self._server: NativeServer | None = None
        self._exposition: Exposition | None = None
        self._routes: dict[str, Route] = {
            "/metrics": self._show_metrics,
            "/debug/requests": self._show_requests,
            "/debug/stacks": self._show_stacks,
        }
        for path, verdict in health_verdicts.items():
            self._routes[path] = self._routes[f"/api/{config.api_version}{path}"] = _verdict_route(
                verdict
            )
        self.port: int | None = None
        """The port it listens on; ``None`` before ``start`` and after ``stop``."""

    def start(self) -> None:
        """Listen and serve; after the fork, from the thread whose hub serves requests.

        Raises:
            SettingError: The socket cannot be had; one line that names the setting to change.
        """
        if self._server is not None:
            return
        listener = (
            _inherited(self._config.management_fd)
            if self._config.management_fd is not None
            else _bound(self._config)
        )
        self.port = listener.getsockname()[1]
        self._hub_thread = gevent.get_hub().thread_ident
        guard = HubGuard(self._guard)
        self._exposition = Exposition(self._metrics.registry, guard)
        self._server = NativeServer(listener, self._answer, guard, self._limits)
        self._server.start()

    def stop(self) -> None:
        """Stop serving and give the port back; an answer on its way has a second to go out. Yields
        meanwhile.
        """
        server, self._server, self.port = self._server, None, None
        if server is not None:
            server.stop()

    def _answer(self, request: Request) -> Response:
        route = self._routes.get(request.path)
        if route is None:
            return problem(404, "There is " + ", ".join(sorted(self._routes)) + ".")
        if request.method not in ("GET", "HEAD"):
            return problem(405, f"Only {METHODS} are allowed here.", Allow=METHODS)
        if request.path.startswith("/debug/") and not _is_loopback(request.client):
            return problem(403, "This is shown on the machine itself only.")
        return route(request)

    def _show_metrics(self, request: Request) -> Response:
        assert self._exposition is not None
        form = choose_format(request.headers.get("accept", ""))
        slices = []
        for part in self._exposition.render(form):
            slices.append(part)
            sleep(
                SLICE_PAUSE_SECONDS
            )  # the hub gets the interpreter between two slices, not after the last
        # Not compressed: on the same machine that only costs processor time.
        return Response(200, form.content_type, slices)

    def _show_requests(self, _: Request) -> Response:
        return json_response(200, requests_view(self._in_flight()))

    def _show_stacks(self, _: Request) -> Response:
        entries = list(stacks_view(self._in_flight(), self._greenlets, self._hub_thread))
        return Response(200, "text/plain; charset=utf-8", [b"".join(entries)])


def _verdict_route(verdict: Verdict) -> Route:
    def show(_: Request) -> Response:
        status, body = verdict()
        return json_response(status, body)

    return show


def _is_loopback(client: str) -> bool:
    address = ipaddress.ip_address(client.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _bound(config: TelemetryConfig) -> _socket.socket:
    host = config.management_host
    port = config.management_port + config.slot if config.management_port else 0
    try:
        if port > 65535:  # getaddrinfo would take it modulo 65536
            raise OverflowError("a port is at most 65535")
        family, kind, protocol, _, address = _socket.getaddrinfo(
            host, port, 0, _socket.SOCK_STREAM, 0, _socket.AI_PASSIVE
        )[0]
        listener = _socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SettingError(
            f"TELEMETRY_MANAGEMENT_PORT={config.management_port}: cannot listen on {host}:{port} for slot {config.slot} ({why}); "
            "set another port, 0 for any free one, or another TELEMETRY_MANAGEMENT_HOST"
        ) from None
    return listener


def _inherited(descriptor: int) -> _socket.socket:
    try:
        listener = _socket.socket(fileno=descriptor)
        listening = listener.getsockopt(_socket.SOL_SOCKET, _socket.SO_ACCEPTCONN)
    except OSError as error:
        raise SettingError(
            f"TELEMETRY_MANAGEMENT_FD={descriptor}: should be a listening socket ({error.strerror})"
        ) from None
    if not listening:
        listener.detach()
        raise SettingError(f"TELEMETRY_MANAGEMENT_FD={descriptor}: should be a listening socket")
    return listener
