"""From draining to stopped, in steps; the same under gunicorn and standalone.

Answer with ``Connection: close`` for the delay, so that a load balancer learns from readiness and
loses nothing; stop accepting, serve those that have connected already, and reject what still comes;
wait for the requests in flight; cut and log the overdue ones; clean up. Every step is bounded in
time. A worker that is replaced rejects nothing: its siblings or its successor accept from the same
sockets.
"""

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, Final, Protocol, cast

from gevent.pool import Pool

from telemetry.config import TelemetryConfig
from telemetry.requests.record import RequestRecord
from telemetry.server.connections import FRESH_LINGER_SECONDS, Connections
from telemetry.server.protocols import ProcessTelemetry
from telemetry.server.shutdown_signal import ShutdownSignal
from telemetry.sockets import ignore_new_clients

POLL_SECONDS: Final = 0.05
BEGIN_SECONDS: Final = 0.001
HANDSHAKE_SECONDS: Final = 0.05
"""For connections whose first packet the kernel has answered, before the listener is closed."""
GIVE_UP_SECONDS: Final = 0.5
KILL_SECONDS: Final = 1.0
# Killing (1 s), closing the database, flushing spans and logs (3 s) must fit, with room for a
# machine that is short of CPU.
CLEAN_UP_SECONDS: Final = 15.0
# The watchdog comes before the supervisor that kills the process, so that the stacks are logged.
WATCHDOG_AHEAD_SECONDS: Final = 2.0

_log = logging.getLogger("telemetry.lifecycle")


def longest_shutdown_seconds(config: TelemetryConfig) -> float:
    """Return the longest that a shutdown may take, from the signal to the exit.

    A supervisor should wait this long before it kills the process: gunicorn's ``graceful_timeout``,
    systemd's ``TimeoutStopSec``, Kubernetes' ``terminationGracePeriodSeconds``.
    """
    return config.drain_delay_seconds + config.drain_timeout_seconds + CLEAN_UP_SECONDS


class Server(Protocol):
    """One of gevent's servers, with a pool that holds a greenlet for each connection."""

    @property
    def pool(self) -> Any:
        """Return the pool."""

    @property
    def socket(self) -> Any:
        """Return the listener."""

    def start(self) -> None:
        """Begin to accept."""

    def stop_accepting(self) -> None:
        """Stop accepting, with the listener still open."""

    def full(self) -> bool:
        """Return whether the pool has no room."""

    def do_read(self) -> Any:
        """Accept one connection; ``None`` when no client waits."""

    def do_handle(self, *args: Any) -> None:
        """Serve an accepted connection in the pool."""

    def close(self) -> None:
        """Close the listener."""


class Drain:
    """One drain.

    Args:
        telemetry: Its life cycle is draining already.
        servers: The listening servers; none when the process never became ready.
        connections: The connections of all servers.
        shutdown_signal: Is forced when the drain is to end at once.
        listener_goes_away: Whether no other process accepts from the same sockets. Then later
            requests are rejected, but for the first one of a client that has just connected or is
            in the kernel's queue; else others accept them, and a request on an open connection is
            its last, and served.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        telemetry: ProcessTelemetry,
        servers: Sequence[Server],
        connections: Connections,
        shutdown_signal: ShutdownSignal,
        *,
        listener_goes_away: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._telemetry = telemetry
        self._lifecycle = telemetry.lifecycle
        self._servers = servers
        self._connections = connections
        self._shutdown_signal = shutdown_signal
        self._listener_goes_away = listener_goes_away
        self._clock = clock

    def run(self) -> int:
        """Run the drain to its end.

        Returns:
            The exit code: 1 when a request was cut while the application worked on it, something
            fatal began the drain or the clean-up failed, else 0. A request that waits for its
            client, or whose connection the application has taken over, is the client's.
        """
        _log.info(
            "draining: %s",
            self._lifecycle.reason,
            extra={"fields": {"in_flight": len(self._telemetry.recorder.in_flight)}},
        )
        self._connections.close_after_response()
        if self._servers:
            # Idle connections stay: a request may be on its way, and closing would reset it.
            self._wait(self._telemetry.config.drain_delay_seconds, lambda: True)
        self._stop_accepting()
        self._wait(self._telemetry.config.drain_timeout_seconds, self._unfinished)
        self._cut_overdue()
        self._clean_up()
        code = self._lifecycle.exit_code
        _log.info(
            "stopped",
            extra={
                "fields": {
                    "exit_code": code,
                    "drain_seconds": round(self._lifecycle.report_drain(0), 3),
                }
            },
        )
        return code

    def _wait(self, seconds: float, unfinished: Callable[[], bool]) -> None:
        deadline = self._clock() + seconds
        while (
            not self._shutdown_signal.forced
            and unfinished()
            and (left := deadline - self._clock()) > 0
        ):
            self._lifecycle.report_drain(len(self._telemetry.recorder.in_flight))
            self._shutdown_signal.wait(min(POLL_SECONDS, left))

    def _unfinished(self) -> bool:
        self._connections.shut_idle()
        return any(_pool(server) for server in self._servers)

    def _stop_accepting(self) -> None:
        last = self._listener_goes_away()
        if last:
            ignored = [ignore_new_clients(server.socket) for server in self._servers]
            if any(ignored):
                self._shutdown_signal.wait(HANDSHAKE_SECONDS)
        for server in self._servers:
            server.stop_accepting()
            if last:
                with self._telemetry.guard.at("drain.queue"):
                    _accept_queued(server)
            server.close()
        if last:
            if self._servers:
                # The greenlets of those that were queued have to begin before they can be asked.
                self._shutdown_signal.wait(BEGIN_SECONDS)
            self._wait(FRESH_LINGER_SECONDS, self._connections.has_fresh)
            self._lifecycle.stop_accepting()

    def _cut_overdue(self) -> None:
        waits_for_client = self._connections.wait_for_client
        overdue = self._telemetry.recorder.in_flight
        late = [record for record in overdue if not waits_for_client(record.greenlet)]
        for record in overdue:
            _log_cut(record, by_client=record not in late)
        if late:
            self._lifecycle.fail()
        # They get their 408, or a reset, before what is left is killed.
        self._connections.give_up_clients()
        for server in self._servers:
            _pool(server).join(timeout=GIVE_UP_SECONDS)
        for server in self._servers:
            # Killed, not abandoned: their finally blocks run and their spans end.
            _pool(server).kill(timeout=KILL_SECONDS)

    def _clean_up(self) -> None:
        clean = False
        with self._telemetry.guard.at("drain.shutdown"):
            self._telemetry.shutdown()
            clean = True
        if not clean:
            self._lifecycle.fail()
        self._lifecycle.stopped()


def _pool(server: Server) -> Pool:
    return cast(Pool, server.pool)


def _accept_queued(server: Server) -> None:
    """Accept the connections in the kernel's queue; closing the listener would reset them."""
    while not server.full():
        accepted = server.do_read()
        if not accepted:
            return
        server.do_handle(*accepted)


def _log_cut(record: RequestRecord, *, by_client: bool) -> None:
    age_seconds = (time.perf_counter_ns() - record.started_ns) / 1e9
    frame: FrameType | None = getattr(record.greenlet, "gr_frame", None)
    _log.log(
        logging.INFO if by_client else logging.ERROR,
        "request %s by the drain: %s %s after %.3f s",
        "of a slow client ended" if by_client else "cut",
        record.method,
        record.path,
        age_seconds,
        extra={
            "request": record,
            "fields": {
                "method": record.method,
                "path": record.path,
                "age_seconds": round(age_seconds, 3),
                "stack": "".join(traceback.format_stack(frame)) if frame is not None else "",
            },
        },
    )
