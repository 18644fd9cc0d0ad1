"""``Foundation``, which every room is built from, and ``Room``, which each build returns.

``bootstrap`` passes one ``Foundation`` to the ``build`` function of every room. Nothing here knows
a room.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint
from prometheus_flask_exporter import PrometheusMetrics
from pymongo.database import Database

from service.cdn.cdn import Cdn
from service.mongo.connection import MongoConnection
from service.mongo.consistency import PublicReads
from service.mongo.indexes import Indexes
from service.mongo.retention import Retention
from service.mongo.sharding import ShardKeys
from telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Parts of one process that all rooms share; none has started.

    Args:
        telemetry: Rooms register metrics, health indicators and callbacks on it.
        mongo: Rooms take their collections from it.
        indexes: Rooms add the indexes of their queries.
        shard_keys: Rooms add how each of their collections is spread over shards.
        public_reads: For collections that are read for responses that any cache may store.
        cdn: Rooms purge what a change makes wrong.
        retention: Rooms add what ends the data of each of their collections.
        route_metrics: Counts calls of routes on the worker's registry.
        now: Returns the time in UTC, to the millisecond.
        sleep: Sleeps for so many seconds.
    """

    telemetry: Telemetry
    mongo: MongoConnection
    indexes: Indexes
    shard_keys: ShardKeys
    public_reads: PublicReads
    cdn: Cdn
    retention: Retention
    route_metrics: PrometheusMetrics
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    @property
    def database(self) -> Database[dict[str, Any]]:
        """The service's database."""
        return self.mongo.database


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One subject of the service.

    Args:
        blueprints: Its routes.
        load_demo_data: Loads demo data into the database and returns one line about it; ``None``
            for a room without demo data.
    """

    blueprints: tuple[Blueprint, ...] = ()
    load_demo_data: Callable[[], str] | None = None
