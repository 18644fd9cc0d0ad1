"""``Management``: what the management port of one worker serves, and on which socket.

Every response is made in a native thread from what is in memory: nothing here waits for the hub,
reads a file or asks another service.
"""

import _socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import gevent
from greenlet import greenlet

from telemetry.config import SettingError, TelemetryConfig
from telemetry.debug_page import DebugPage
from telemetry.exposition import Exposition, choose_format
from telemetry.guard import Guard
from telemetry.http1.refusals import Refusals, problem_response
from telemetry.http1.rules import Rule
from telemetry.management.access import refusal
from telemetry.management.connection import Limits
from telemetry.management.debug_pages import DebugPages
from telemetry.management.protocol import Request, Response, json_response, problem
from telemetry.management.server import NativeServer
from telemetry.management.views import stacks_view
from telemetry.metrics import Metrics, promoted_labels
from telemetry.native import HubGuard, run_on_hub, sleep
from telemetry.requests.record import RequestRecord
from telemetry.sockets import open_listener

Verdict = Callable[[], tuple[int, Mapping[str, Any]]]
Route = Callable[[Request], Response]

SLICE_PAUSE_SECONDS: Final = 0.001
METHODS: Final = "GET, HEAD, OPTIONS"
PRIVATE: Final = "/debug/"
STACKS: Final = "/debug/stacks"


class Control(Protocol):
    """A route that changes the worker; the machine itself may use it, and no other client."""

    @property
    def path(self) -> str:
        """Of the route; what is below it belongs to it."""

    def respond(self, request: Request) -> Response:
        """Return the response, from a native thread."""


_ALLOWED: Final = Response(204, "", [], {"Allow": METHODS})


class Management:
    """Serves ``/metrics``, health and ``/debug`` of one worker from native threads.

    Args:
        config: Host, port and slot, or the inherited socket, which then belongs to this object.
        metrics: What ``/metrics`` exposes.
        guard: Stands around each response.
        health_verdicts: By path such as ``/health/liveness``; each returns a status code and a JSON
            body, from any thread, without I/O.
        in_flight: The requests in flight, readable from any thread.
        greenlets: The greenlets to list in ``/debug/stacks``, beside those of requests.
        debug_pages: By path below ``/debug/``; see ``telemetry.debug_page``.
        limits: What clients may use.

    Attributes:
        control: Serves a path below ``/debug/`` with every method; ``None`` for no such path. Set
            before the start.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        metrics: Metrics,
        guard: Guard,
        *,
        health_verdicts: Mapping[str, Verdict],
        in_flight: Callable[[], Iterable[RequestRecord]],
        greenlets: Callable[[], Iterable[greenlet]] = tuple,
        debug_pages: Mapping[str, DebugPage] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._guard = guard
        self._in_flight = in_flight
        self._greenlets = greenlets
        self._limits = limits or Limits()
        self._debug_token = config.debug_token.get_secret_value()
        self._hub_thread = 0
        self._server: NativeServer | None = None
        self._exposition: Exposition | None = None
        self._routes: dict[str, Route] = {
            **{path: _verdict_route(verdict) for path, verdict in health_verdicts.items()},
            "/metrics": self._metrics_response,
            STACKS: self._stacks_response,
        }
        self._pages = DebugPages(debug_pages or {}, [STACKS])
        self.control: Control | None = None
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
            _inherited_listener(self._config.management_fd)
            if self._config.management_fd is not None
            else _own_listener(self._config)
        )
        self.port = listener.getsockname()[1]
        self._hub_thread = gevent.get_hub().thread_ident
        guard = HubGuard(self._guard)
        self._exposition = Exposition(self._metrics.registry, guard, promoted_labels(self._config))
        self._refusals = Refusals(self._metrics, self._config)
        self._hub = gevent.get_hub()
        self._server = NativeServer(
            listener, self._handle_request, self._refuse, guard, self._limits
        )
        self._server.start()

    def stop(self) -> None:
        """Stop serving and release the port; yields meanwhile.

        A response on its way has a second to go out.
        """
        server, self._server, self.port = self._server, None, None
        if server is not None:
            server.stop()

    def _handle_request(self, request: Request) -> Response:
        if self.control is not None and _is_below(request.path, self.control.path):
            # Without the token: it is for reading.
            return refusal(request, "") or self.control.respond(request)
        return self._read(request)

    def _read(self, request: Request) -> Response:
        route = self._routes.get(request.path)
        is_private = request.path.startswith(PRIVATE)
        if route is None and request.path != "*" and not is_private:
            return self._not_found()
        if request.path == "*" or request.method == "OPTIONS":
            return _ALLOWED
        if request.method not in ("GET", "HEAD"):
            return problem(405, f"Only {METHODS} are allowed here.", Allow=METHODS)
        refused = refusal(request, self._debug_token) if is_private else None
        if refused is not None:
            return refused
        if route is not None:
            return route(request)
        return self._pages.response(request) or self._not_found()

    def _not_found(self) -> Response:
        paths = sorted({*self._routes, *self._pages.paths})
        return problem(404, f"The paths here are {', '.join(paths)}.")

    def _refuse(self, rule: Rule, client: str) -> bytes:
        request_id = self._refusals.new_request_id()
        run_on_hub(self._hub, self._refusals.record, rule, client, request_id)
        return problem_response(rule, request_id)

    def _metrics_response(self, request: Request) -> Response:
        if self._exposition is None:
            return problem(503, "The metrics are not ready yet.")
        form = choose_format(request.headers.get("accept", ""))
        slices = []
        for part in self._exposition.render(form):
            slices.append(part)
            # The hub gets the interpreter between two slices, not after the last.
            sleep(SLICE_PAUSE_SECONDS)
        # Not compressed: on the same machine that only costs processor time.
        return Response(200, form.content_type, slices)

    def _stacks_response(self, _: Request) -> Response:
        entries = list(stacks_view(self._in_flight(), self._greenlets, self._hub_thread))
        return Response(200, "text/plain; charset=utf-8", [b"".join(entries)])


def _is_below(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}/")


def _verdict_route(verdict: Verdict) -> Route:
    def respond(_: Request) -> Response:
        status, body = verdict()
        return json_response(status, body)

    return respond


def _own_listener(config: TelemetryConfig) -> _socket.socket:
    host = config.management_host
    port = config.management_port_of(config.slot)
    try:
        return open_listener(host, port)
    except OSError as error:
        raise SettingError(
            f"TELEMETRY_MANAGEMENT_PORT={config.management_port}: "
            f"cannot listen on {host}:{port} for slot {config.slot} ({error.strerror}); "
            "set another port, 0 for any free one, or another TELEMETRY_MANAGEMENT_HOST"
        ) from None


def _inherited_listener(descriptor: int) -> _socket.socket:
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
