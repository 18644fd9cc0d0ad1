"""Who holds the connections of a pool, who waits for one, and for how long: plain data for pages.

Readable from any thread, also while the hub is blocked; ids, routes and shapes, no values.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from telemetry.mongo.command import OpenCommand
from telemetry.mongo.connections import Connections
from telemetry.mongo.ownership import GreenletOwner
from telemetry.requests.holders import Holder
from telemetry.requests.record import RequestRecord

CommandOf = Callable[[GreenletOwner], OpenCommand | None]
Clock = Callable[[], float]

MOST: Final = 100
"""Holders and waiters of one pool that are described, the longest ones."""


class PoolSubject:
    """A wait for a connection; its text has the state of the pool.

    Args:
        connections: Of the pool.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def __str__(self) -> str:
        pool, counts = self._connections, self._connections.snapshot()
        most = f" of {pool.max_size}" if pool.max_size is not None else ""
        return (
            f"a connection of {pool.address}: {counts.used}{most} in use, {counts.pending} waiting"
        )


def holders(
    pools: Iterable[Connections], command_of: CommandOf, clock: Clock = time.perf_counter
) -> tuple[Holder, ...]:
    """Return who holds the connections that are out, the longest first.

    Args:
        pools: The connections of each.
        command_of: Returns what a greenlet waits for.
        clock: Of the owners, monotonic seconds.
    """
    now = clock()
    held = [
        Holder(
            pool.address,
            now - owner.since_seconds,
            owner.request,
            number,
            str(command_of(owner) or ""),
        )
        for pool in pools
        for number, state, owner in pool.owners
        if state == "used"
    ]
    return tuple(sorted(held, key=lambda each: -each.seconds))


def pool_rows(
    pools: Iterable[Connections], command_of: CommandOf, clock: Clock = time.perf_counter
) -> list[dict[str, Any]]:
    """Describe pools, in order of address.

    Args:
        pools: The connections of each.
        command_of: Returns what a greenlet waits for.
        clock: Of the owners, monotonic seconds.
    """
    rows = []
    for pool in sorted(pools, key=lambda each: each.address):
        now, counts = clock(), pool.snapshot()
        waiters = sorted(pool.waiters, key=lambda each: each.since_seconds)[:MOST]
        rows.append(
            {
                "pool": pool.address,
                "maxSize": pool.max_size,
                "minSize": pool.min_size,
                "used": counts.used,
                "idle": counts.idle,
                "establishing": counts.establishing,
                "pending": counts.pending,
                "holders": [
                    {
                        "connection": held.connection,
                        **_ids_of(held.request),
                        "heldSeconds": round(held.seconds, 6),
                        "command": held.command,
                    }
                    for held in holders([pool], command_of, clock)[:MOST]
                ],
                "waiters": [
                    {
                        **_ids_of(waiter.request),
                        "waitedSeconds": round(now - waiter.since_seconds, 6),
                    }
                    for waiter in waiters
                ],
            }
        )
    return rows


def _ids_of(request: RequestRecord | None) -> dict[str, str]:
    if request is None:
        return {"requestId": "", "traceId": "", "method": "", "route": ""}
    return {
        "requestId": request.request_id,
        "traceId": request.trace_id,
        "method": request.method_label,
        "route": request.route,
    }
