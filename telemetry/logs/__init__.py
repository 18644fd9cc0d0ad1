"""Structured logs: one JSON object a line, each with the ids of the request it belongs to."""

from telemetry.logs.logs import Logs
from telemetry.logs.writer import LogWriter

__all__ = ["LogWriter", "Logs"]
