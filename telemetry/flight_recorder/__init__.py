"""What slow, failed and cut requests did: snapshots while they run, and a ring of ended ones."""

from telemetry.flight_recorder.recorder import FlightRecorder

__all__ = ["FlightRecorder"]
