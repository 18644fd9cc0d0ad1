"""The Runtime board's life cycle: states, starts and drains of the workers."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, StateTimeline, Target, TimeSeries
from dashboards.queries import runtime as queries

_STARTS = Band(
    7,
    StateTimeline(
        title="State of each worker",
        unit="short",
        description=(
            "Red: the management port does not answer, so the worker is gone or its process is"
            " stopped. Draining for longer than half a minute: requests do not end, see the drain"
            " panels."
        ),
        target=Target(queries.STATES, WORKER_LEGEND),
        states=config.STATES,
    ),
    TimeSeries(
        title="Uptime",
        unit="s",
        description=(
            "How long each worker has been running. All fall to 0 together: a release. Only one,"
            " repeatedly: a crash loop."
        ),
        targets=(Target(queries.UPTIME, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Starts",
        unit="short",
        description="Workers replaced, by slot; a replacement takes over its predecessor's slot.",
        targets=(Target(queries.STARTS, WORKER_LEGEND),),
    ),
)

_DRAINS = Band(
    6,
    TimeSeries(
        title="Drain: requests in flight",
        unit="short",
        description=(
            "Requests that a drain waits for. A constant line: those requests hang; after 30 s they"
            " are cut, and a `request cut by the drain` line in the log names each."
        ),
        targets=(Target(queries.DRAIN_IN_FLIGHT, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Drain: duration",
        unit="s",
        description=(
            "How long the current drain has taken; 0 outside of a drain. At 30 s the worker is"
            " ended with exit code 1."
        ),
        targets=(Target(queries.DRAIN_SECONDS, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Drain: rejected requests",
        unit="reqps",
        description=(
            "Requests answered 503 after the drain delay. Above 0: the load balancer notices the"
            " drain too late, increase DRAIN_DELAY_SECONDS."
        ),
        targets=(Target(queries.DRAIN_REJECTED, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Uncaught exceptions by place",
        unit="short",
        description=(
            "Exceptions that no code handled, by where they ended; a fatal one drains the worker"
            " and ends it with exit code 1."
        ),
        targets=(Target(queries.UNCAUGHT, "{{where}} fatal={{fatal}}"),),
    ),
)

SECTION: Final = Section("Do workers restart?", _STARTS, _DRAINS)
