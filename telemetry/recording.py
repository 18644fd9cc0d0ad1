"""How one worker records its requests: the steps of a record's begin and end, and its sinks."""

from collections.abc import Callable
from typing import NamedTuple

from telemetry.flight_recorder import FlightRecorder
from telemetry.guard import Guard
from telemetry.hub import HubMonitor
from telemetry.logs import Logs
from telemetry.metrics import Metrics
from telemetry.phases import HubPhases
from telemetry.requests.observations import Observations
from telemetry.requests.record import RequestRecord
from telemetry.requests.recorder import ACCOUNT_PHASES, Recorder, Step
from telemetry.requests.series import RequestMetrics
from telemetry.requests.slow import SlowRequests
from telemetry.tracing import ServerSpans


class RecordingParts(NamedTuple):
    """What takes part in recording a request."""

    phases: HubPhases
    hub: HubMonitor
    spans: ServerSpans
    flight: FlightRecorder
    logs: Logs
    observations: Observations


def request_recorder(
    guard: Guard,
    metrics: Metrics,
    parts: RecordingParts,
    *,
    account_interrupted_wait: Callable[[RequestRecord], None],
) -> Recorder:
    """Make the recorder of a worker.

    Args:
        guard: Stands around each step and each sink.
        metrics: Of the worker.
        parts: What takes part; the order of the steps is declared here.
        account_interrupted_wait: A completion step for requests that were cut while they waited for
            a connection.
    """
    requests = RequestMetrics(metrics)
    recorder = Recorder(
        guard,
        begin=(Step("metrics", requests.begin), Step("phases", parts.phases.begin)),
        completion=(
            Step("time", parts.phases.end),
            Step("mongo", account_interrupted_wait, notable_only=True),
            ACCOUNT_PHASES,
            Step("snapshots", parts.flight.add_events, notable_only=True),
            Step("hub", parts.hub.complete, notable_only=True),
            # It needs the whole record, and a full queue makes the request unsampled.
            Step("span", parts.spans.close),
            Step("flight", parts.flight.keep, notable_only=True),
        ),
    )
    # Methods, for what calls an object is one frame more in CPython 3.11.
    recorder.add_record_sink("metrics", requests.__call__)
    recorder.add_record_sink("observations", parts.observations, notable_only=True)
    recorder.add_record_sink("slow", SlowRequests(metrics).__call__, notable_only=True)
    recorder.add_record_sink("log", parts.logs.requests.__call__)
    return recorder
