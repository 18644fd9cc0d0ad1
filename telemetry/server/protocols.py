"""What serving needs of a process's telemetry: a few facts, and the two ends of its life.

The real one lives on a higher floor; these protocols let it come down as an argument.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics
from telemetry.requests.record import RequestRecord


class InFlightRequests(Protocol):
    """The requests that have begun and not ended."""

    @property
    def in_flight(self) -> Sequence[RequestRecord]:
        """Return their records."""


class ManagementEndpoint(Protocol):
    """The management endpoint, as far as a retired worker must release it."""

    def stop(self) -> object:
        """Stop listening; a second call is harmless."""


class Dumping(Protocol):
    """What can write what goes on into the log."""

    def request_dump(self) -> object:
        """Request it; safe in a signal handler."""


class ProcessTelemetry(Protocol):
    """The telemetry of one process."""

    @property
    def config(self) -> TelemetryConfig:
        """Return the settings, which hold the times of a drain."""

    @property
    def metrics(self) -> Metrics:
        """Return the metrics, where uncaught exceptions are counted."""

    @property
    def guard(self) -> Guard:
        """Return the guard, which stands around what may go wrong."""

    @property
    def lifecycle(self) -> Lifecycle:
        """Return the state of the process."""

    @property
    def recorder(self) -> InFlightRequests:
        """Return the requests that a drain waits for."""

    @property
    def management(self) -> ManagementEndpoint:
        """Return the management endpoint."""

    @property
    def flight(self) -> Dumping:
        """Return what answers SIGUSR1."""

    def on_start(self, callback: Callable[[], object]) -> None:
        """Call back once everything has started."""

    def start(self) -> Any:
        """Start background work, after the fork, from the main greenlet."""

    def shutdown(self) -> bool:
        """Close the database, flush spans and logs; bounded in time."""
