"""The Life cycle board's drains and ends: what kept them waiting, and what they cost."""

from typing import Final

from dashboards import config, logql
from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, Logs, Target, TimeSeries
from dashboards.queries import life_cycle as queries

_LOGGERS: Final = "telemetry.lifecycle|telemetry.uncaught|gunicorn.*"

_DRAINS = Band(
    7,
    TimeSeries(
        title="Drain duration",
        unit="s",
        description=(
            "How long the current drains have taken, of the longest ones; 0 outside of a drain. At"
            " 30 s requests are cut and the worker ends with exit code 1."
        ),
        targets=(Target(queries.DRAIN_SECONDS, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Requests that drains wait for",
        unit="short",
        description=(
            "Of the workers with the most. A constant line: those requests hang; after 30 s they"
            " are cut, and a `request cut by the drain` line in the log names each."
        ),
        targets=(Target(queries.DRAIN_IN_FLIGHT, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Requests rejected by drains",
        unit="reqps",
        description=(
            "Requests answered 503 after the drain delay. Above 0: the load balancer notices the"
            " drain too late, increase DRAIN_DELAY_SECONDS."
        ),
        targets=(Target(queries.DRAIN_REJECTED, "rejected"),),
    ),
    TimeSeries(
        title="Cut requests by reason",
        unit="short",
        shades_of=config.BAD,
        description=(
            "Responses that were not sent completely. killed: by a drain or a dying worker."
            " timeout: the request's own limit. client_disconnected and client_too_slow: the"
            " client's end, mostly because the answer was slow."
        ),
        targets=(Target(queries.CUT_BY_REASON, "{{reason}}"),),
    ),
)

_ENDS = Band(
    9,
    TimeSeries(
        title="Uncaught exceptions by place",
        unit="short",
        shades_of=config.BAD,
        description=(
            "Exceptions that no code handled, by where they ended; a fatal one drains the worker"
            " and ends it with exit code 1. Its line in the log beside has the trace."
        ),
        targets=(
            Target(queries.UNCAUGHT, "{{where}}"),
            Target(queries.UNCAUGHT_FATAL, "of them fatal"),
        ),
    ),
    Logs(
        title="Starts, drains and ends in the log",
        description=(
            "Lines of the life cycle and of gunicorn's arbiter, the newest first: why a worker"
            " drained, which requests were cut, and with which code it ended."
        ),
        query=logql.lines(f'| scope_name=~"{_LOGGERS}"'),
    ),
    columns=(8, 16),
)

SECTION: Final = Section("Why? Drains and ends", _DRAINS, _ENDS)
