"""The Slow requests board's single requests: their traces, records and log lines."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import Logs, Traces
from dashboards.queries import slow_requests as queries

_OF_A_TRACE = (links.trace(), links.record(), links.lines_of_trace())

SECTION: Final = Section(
    "Which requests?",
    Band(
        10,
        Traces(
            title="Slow traces",
            description=(
                "Requests over their threshold with a trace, by TraceQL; a click opens the trace,"
                " its record (snapshots with stacks, kept by the worker) or its log lines. The span"
                " has the phases as request.phase.*, and its events name culprits and commands."
            ),
            query=queries.SLOW_TRACES,
            links=_OF_A_TRACE,
        ),
        Traces(
            title="Traces that held the hub",
            description=(
                "Requests whose own code held the hub, so that others waited. The event hub.held"
                " has the stack."
            ),
            query=queries.HELD_TRACES,
            links=_OF_A_TRACE,
        ),
    ),
    Band(
        7,
        Logs(
            title="Lines of slow requests",
            description=(
                "One line `slow request: …` for each, with its phases, its longest wait and its"
                " events as JSON; a click opens its trace."
            ),
            query=queries.SLOW_LINES,
        ),
    ),
)
