"""What the rooms of the service are built on, and what each of them gives back.

``bootstrap`` hands every room one ``Foundation``; a room's ``build`` function answers a ``Room``.
Nothing here knows a room.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint
from prometheus_flask_exporter import PrometheusMetrics
from pymongo.database import Database

from service.mongo.connection import MongoConnection
from telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What one process has once. Nothing of it has started.

    Args:
        telemetry: Observes the process; rooms register metrics, indicators and callbacks on it.
        mongo: The connection; rooms take their collections from it and register their indexes.
        route_metrics: Counts calls of routes on the worker's registry.
        now: Time in UTC, to the millisecond.
        sleep: Waits so many seconds.
    """

    telemetry: Telemetry
    mongo: MongoConnection
    route_metrics: PrometheusMetrics
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    @property
    def database(self) -> Database[dict[str, Any]]:
        """The service's database."""
        return self.mongo.database


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One subject of the service, built.

    Args:
        blueprints: Its routes.
        load_demo_data: Loads what a demo shows, and returns one line on what was done; it needs
            the database. ``None`` when a demo shows nothing of the room.
    """

    blueprints: tuple[Blueprint, ...] = ()
    load_demo_data: Callable[[], str] | None = None
