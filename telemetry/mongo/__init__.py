"""MongoDB, explained: command spans and durations, connection pools, and evidence of the server."""

from telemetry.mongo.connections import PoolSnapshot
from telemetry.mongo.instrumentation import MongoTelemetry
from telemetry.mongo.server_check import Evidence

__all__ = ["Evidence", "MongoTelemetry", "PoolSnapshot"]
