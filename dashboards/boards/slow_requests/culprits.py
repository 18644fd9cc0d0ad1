"""The Slow requests board's culprits: the code that held the hub, and the routes that waited."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import Column, Logs, StackedTimeSeries, Table, Target, TimeSeries
from dashboards.queries import slow_requests as queries

_KIND_MEANS = (
    "cpu: code computed. blocked: a call that gevent does not patch. gil: another thread. frozen:"
    " the process got no processor."
)

SECTION: Final = Section(
    "Whose code held the hub?",
    Band(
        9,
        Table(
            title="Code that held the hub",
            unit="short",
            description=(
                "Functions that kept all other greenlets of their worker waiting, over the whole"
                f" time range. {_KIND_MEANS} Move the first one's work to the hub's threadpool;"
                " `/debug/profile` of the worker shows what it calls. _OTHER: cheaper code."
                " _UNKNOWN: not seen, or the machine's."
            ),
            keys={"code": "Code", "kind": "Kind"},
            columns=(
                Column("Held", "s", queries.CULPRIT_SECONDS),
                Column("Share", "percentunit", queries.CULPRIT_SHARE),
            ),
            links=(links.board(links.RUNTIME, "Board Runtime"),),
        ),
        StackedTimeSeries(
            title="Hub held by code",
            unit="percentunit",
            description=(
                "Share of the time that the hubs were held past their threshold, by the code that"
                " held them for longest; the sum of all selected workers. 0 is normal."
            ),
            targets=(Target(queries.HELD_BY_CODE, "{{code}}"),),
        ),
        columns=(14, 10),
    ),
    Band(
        9,
        TimeSeries(
            title="Routes that wait for the hub",
            unit="suffix:s/s",
            description=(
                "Seconds per second in hub_wait and queue, of the routes that wait most: the"
                " victims. Their traces have the event hub.waited with the culprit's route."
            ),
            targets=(Target(queries.VICTIMS, "{{http_route}}"),),
            links=(links.slow_traces(links.ROUTE_OF_SERIES),),
        ),
        StackedTimeSeries(
            title="Hub held by kind",
            unit="percentunit",
            description=f"Share of the time that the hubs were held, by kind. {_KIND_MEANS}",
            targets=(Target(queries.HELD_BY_KIND, "{{kind}}"),),
        ),
    ),
    Band(
        7,
        Logs(
            title="Blocks of the hub",
            description=(
                "Log lines `hub held for …`: how long, of which kind, by which request, at which"
                " line of code. A line's trace is the culprit's. None: no hub was held."
            ),
            query=queries.HELD_LINES,
        ),
    ),
)
