"""One process's time as a server, from its first connection to its exit code."""

from collections.abc import Callable, Sequence

from telemetry.server.connections import Connections
from telemetry.server.drain import Drain, Server
from telemetry.server.requirements import Observed
from telemetry.server.shutdown_signal import Stop
from telemetry.server.uncaught import Uncaught


def serve_until_stopped(
    telemetry: Observed,
    servers: Sequence[Server],
    connections: Connections,
    stop: Stop,
    *,
    listener_goes_away: Callable[[], bool],
    before_drain: Callable[[], object] = lambda: None,
) -> int:
    """Start, become ready, serve, and drain when told to; call it from the main greenlet.

    Args:
        telemetry: Not started yet.
        servers: Not started yet, each with a pool.
        connections: Where the servers' handlers keep their connections.
        stop: Who wants the process to stop tells it here; a drain of the life cycle does too.
        listener_goes_away: See ``Drain``.
        before_drain: Called once the life cycle drains.

    Returns:
        The exit code.

    Raises:
        OSError: A port is taken.
    """
    lifecycle = telemetry.lifecycle
    lifecycle.on_drain(stop.wake)
    uncaught = Uncaught(telemetry.metrics, telemetry.guard, lifecycle)
    uncaught.install()
    try:
        telemetry.start()
        serving = () if stop.reason else tuple(servers)
        for server in serving:
            server.start()
        if serving:
            lifecycle.ready()
        while not (stop.reason or lifecycle.draining):
            stop.wait()
        if not stop.reason:
            stop.arm()
        lifecycle.drain(stop.reason)
        before_drain()
        return Drain(telemetry, serving, connections, stop, listener_goes_away).run()
    finally:
        uncaught.uninstall()
