"""Faults on purpose, for drills: what a worker can do to itself, pressed at its management port.

Loaded only where ``TELEMETRY_FAULTS`` is set. Each fault has a bound and ends by itself; none
touches data.
"""

from telemetry.faults.control import FaultControl

__all__ = ["FaultControl"]
