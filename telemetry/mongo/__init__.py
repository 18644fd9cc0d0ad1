"""Telemetry of MongoDB: command spans and durations, connection pools, checks of the server."""

from telemetry.mongo.connections import PoolSnapshot
from telemetry.mongo.instrumentation import MongoTelemetry
from telemetry.mongo.server_check import ServerCheck

__all__ = ["MongoTelemetry", "PoolSnapshot", "ServerCheck"]
