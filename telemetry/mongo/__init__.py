"""MongoDB, explained: command spans and durations, connection pools, and evidence of the server."""

from telemetry.mongo.connections import PoolSnapshot
from telemetry.mongo.evidence import Evidence
from telemetry.mongo.facade import MongoTelemetry

__all__ = ["Evidence", "MongoTelemetry", "PoolSnapshot"]
