"""One process's time as a server, from its first connection to its exit code."""

from collections.abc import Callable, Sequence

from telemetry.lifecycle import Lifecycle
from telemetry.server.connections import Connections
from telemetry.server.drain import Drain, Server
from telemetry.server.protocols import ProcessTelemetry
from telemetry.server.shutdown_signal import ShutdownSignal
from telemetry.server.uncaught import UncaughtExceptions


def serve_until_stopped(
    telemetry: ProcessTelemetry,
    servers: Sequence[Server],
    connections: Connections,
    shutdown_signal: ShutdownSignal,
    *,
    listener_goes_away: Callable[[], bool],
    before_drain: Callable[[], object] = lambda: None,
) -> int:
    """Start, become ready, serve, and drain on request; call it from the main greenlet.

    Args:
        telemetry: Not started yet.
        servers: Not started yet, each with a pool.
        connections: Where the servers' handlers register their connections.
        shutdown_signal: Begins the drain; a drain of the life cycle does too.
        listener_goes_away: See ``Drain``.
        before_drain: Called once the life cycle drains.

    Returns:
        The exit code.

    Raises:
        OSError: A port is taken.
    """
    lifecycle = telemetry.lifecycle
    lifecycle.on_drain(shutdown_signal.wake)
    uncaught = UncaughtExceptions(telemetry.metrics, telemetry.guard, lifecycle)
    uncaught.install()
    try:
        telemetry.start()
        serving = () if shutdown_signal.reason else tuple(servers)
        for server in serving:
            server.start()
        if serving:
            lifecycle.ready()
        _wait_for_drain(lifecycle, shutdown_signal)
        before_drain()
        return Drain(
            telemetry, serving, connections, shutdown_signal, listener_goes_away=listener_goes_away
        ).run()
    finally:
        uncaught.uninstall()


def _wait_for_drain(lifecycle: Lifecycle, shutdown_signal: ShutdownSignal) -> None:
    while not (shutdown_signal.reason or lifecycle.draining):
        shutdown_signal.wait()
    if not shutdown_signal.reason:
        shutdown_signal.arm_watchdog()
    lifecycle.drain(shutdown_signal.reason)
