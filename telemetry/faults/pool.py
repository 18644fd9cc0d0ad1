"""A leak of connections: a MongoDB client's pool is small, because most of it is never returned."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

import gevent

from telemetry.faults.lease import Lease

LEFT_CONNECTIONS: Final = 1
POLL_SECONDS: Final = 0.1


class NoPool(Exception):
    """There is no pool to take connections from; the text is one line."""


class PoolLeak:
    """Takes the connections of the clients' pools.

    Args:
        clients: pymongo's; may be filled later.
    """

    def __init__(self, clients: Sequence[Any]) -> None:
        self._clients = clients

    def __call__(self, lease: Lease) -> None:
        """Hold every connection but one; in a greenlet.

        Raises:
            NoPool: There is no client, or its pool has no bound.
            pymongo.errors.PyMongoError: The database is away.
        """
        if not self._clients:
            raise NoPool("no MongoDB client is observed")
        with ExitStack() as held:
            for client in self._clients:
                pool = _pool_of(client)
                for _ in range(int(pool.max_pool_size) - LEFT_CONNECTIONS):
                    held.enter_context(pool.checkout())
                    if not lease.lasts:
                        break
            lease.begun = True
            while lease.lasts:
                gevent.sleep(POLL_SECONDS)


def _pool_of(client: Any) -> Any:
    # Private, as the pool's own listeners and owners are: pymongo has no public way to keep one.
    pool = client._get_topology().select_server(lambda servers: servers, "fault").pool
    if pool.max_pool_size in (None, float("inf")):
        raise NoPool("the pool has no bound (maxPoolSize)")
    return pool
