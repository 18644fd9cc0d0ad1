"""The clients of one process: admitted, bounded and registered in one place for both servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from telemetry.requests.addresses import TrustedProxies, socket_peer_address
from telemetry.server.admission import REFUSALS_AT_ONCE, Admission, origin_of
from telemetry.server.client_pace import ClientBounds
from telemetry.server.client_socket import ClientSocket
from telemetry.server.connections import Connection, Connections
from telemetry.server.protocols import ProcessTelemetry
from telemetry.server.slow_clients import SlowClients


class Clients:
    """What a server needs of its clients.

    Args:
        telemetry: Holds settings, metrics and guard.
        most_connections: Of this process.
    """

    def __init__(self, telemetry: ProcessTelemetry, most_connections: int) -> None:
        config = telemetry.config
        self.connections = Connections()
        self.pool_size = most_connections + REFUSALS_AT_ONCE
        """Greenlets that the server's pool needs."""
        self._bounds = ClientBounds(config, SlowClients(telemetry.metrics, telemetry.guard).report)
        self._admission = Admission(
            self.connections,
            telemetry.metrics,
            per_worker=most_connections,
            per_address=config.connections_per_address,
            is_trusted_proxy=TrustedProxies(config.trusted_proxies).__contains__,
        )

    @contextmanager
    def serving(self, accepted: Any, peer: Any) -> Iterator[Connection | None]:
        """Serve a connection within the context.

        Args:
            accepted: gevent's socket.
            peer: Its address, as ``accept`` returned it.

        Yields:
            The connection, whose ``client`` is the socket to use; ``None`` when it was refused.
        """
        address = socket_peer_address(peer)
        origin = origin_of(address)
        refusal = self._admission.refusal(address, origin)
        if refusal is not None:
            self._admission.refuse(accepted, address, refusal)
            yield None
            return
        client = ClientSocket(accepted, address, self._bounds)
        try:
            with self.connections.opened(client, origin) as connection:
                yield connection
        finally:
            client.close()
