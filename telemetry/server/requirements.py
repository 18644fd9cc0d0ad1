"""What serving needs of a telemetry: a few facts and the two ends of its life.

The real one lives on a higher floor; these protocols let it come down as an argument.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics
from telemetry.requests.record import RequestRecord


class InFlight(Protocol):
    """Knows the requests that have begun and not ended."""

    @property
    def in_flight(self) -> Sequence[RequestRecord]:
        """Their records."""


class Endpoint(Protocol):
    """The management endpoint, as far as a retired worker must let go of it."""

    def stop(self) -> object:
        """Stop listening; again is harmless."""


class Observed(Protocol):
    """The telemetry of one process."""

    @property
    def config(self) -> TelemetryConfig:
        """Holds the times of a drain."""

    @property
    def metrics(self) -> Metrics:
        """Where uncaught exceptions are counted."""

    @property
    def guard(self) -> Guard:
        """Stands around what may go wrong."""

    @property
    def lifecycle(self) -> Lifecycle:
        """The state of the process."""

    @property
    def recorder(self) -> InFlight:
        """Knows what a drain waits for."""

    @property
    def management(self) -> Endpoint:
        """The management endpoint."""

    def start(self) -> Any:
        """Start background work, after the fork, from the main greenlet."""

    def shutdown(self) -> bool:
        """Close the database, flush spans and logs; bounded in time."""
