"""``/debug/queries`` and ``/debug/pool``: what query shapes cost, and who has the connections."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from telemetry.debug_page import Cell, Link, Page, Query, Table

QUERIES: Final = "/debug/queries"
POOL: Final = "/debug/pool"
SORTED: Final = {
    "total": "totalSeconds",
    "count": "count",
    "mean": "meanSeconds",
    "p95": "p95Seconds",
    "max": "maxSeconds",
    "slow": "slow",
    "failed": "failed",
    "documents": "documents",
}
"""Column of the queries by value of ``sort``."""

_NUMBERS: Final = {
    "total": "Total s",
    "count": "Count",
    "mean": "Mean s",
    "p95": "p95 s",
    "max": "Max s",
    "slow": "Slow",
    "failed": "Failed",
    "documents": "Documents",
}


def queries_page(query: Query, rows: Sequence[Mapping[str, Any]]) -> Page:
    """Return the query shapes, those that took the most time first.

    Args:
        query: ``sort`` is one of ``SORTED``.
        rows: As ``MongoTelemetry.query_rows`` returns them.
    """
    chosen = query.get("sort", "")
    member = SORTED.get(chosen, "totalSeconds")
    shown = sorted(rows, key=lambda row: -row[member])
    columns: list[str | Link] = ["Query"]
    columns += [Link(title, f"{QUERIES}?sort={name}") for name, title in _NUMBERS.items()]
    table = Table(
        "Query shapes",
        [*columns, "Plan", "Last trace"],
        [
            [
                f"{row['collection']}: {row['shape']}" if row["collection"] else row["shape"],
                *(row[name] for name in SORTED.values()),
                row["plan"] or None,
                row["lastTraceId"] or None,
            ]
            for row in shown
        ],
        note="Times are those that a command waited for the server; p95 is an upper bound.",
    )
    return Page(
        "Queries",
        [table],
        {"queries": shown},
        summary=f"{len(shown)} shapes of MongoDB commands since the start.",
        links=[Link("Connection pools", POOL)],
    )


def pool_page(rows: Sequence[Mapping[str, Any]]) -> Page:
    """Return the connection pools, who has their connections, and who waits for one.

    Args:
        rows: As ``MongoTelemetry.pool_rows`` returns them.
    """
    sizes = ("maxSize", "used", "idle", "establishing", "pending")
    pools = Table(
        "Pools",
        ["Pool", "Most", "Used", "Idle", "Establishing", "Waiting"],
        [[row["pool"], *(row[name] for name in sizes)] for row in rows],
    )
    holders = Table(
        "In use",
        ["Connection", "Pool", "For s", "Request", "Route", "Command"],
        [
            [
                holder["connection"],
                row["pool"],
                holder["heldSeconds"],
                _request(holder),
                _route(holder),
                holder["command"] or None,
            ]
            for row in rows
            for holder in row["holders"]
        ],
    )
    waiters = Table(
        "Waiting",
        ["Pool", "For s", "Request", "Route"],
        [
            [row["pool"], waiter["waitedSeconds"], _request(waiter), _route(waiter)]
            for row in rows
            for waiter in row["waiters"]
        ],
    )
    return Page(
        "Connection pools",
        [pools, holders, waiters],
        {"pools": list(rows)},
        links=[Link("Queries", QUERIES)],
    )


def _request(row: Mapping[str, Any]) -> Cell:
    request_id = row["requestId"]
    return Link(request_id, f"/debug/requests/{request_id}") if request_id else None


def _route(row: Mapping[str, Any]) -> Cell:
    return f"{row['method']} {row['route']}" if row["requestId"] else None
