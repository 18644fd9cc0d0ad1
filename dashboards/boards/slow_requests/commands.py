"""The Slow requests board's database commands: slow shapes, with their plans."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import Column, LinesTable, Logs, Target, TimeSeries, Traces
from dashboards.queries import slow_requests as queries

_RED = (
    "A shape that is often here lacks an index or has a large answer: COLLSCAN in its plan reads"
    " the whole collection."
)

SECTION: Final = Section(
    "Which database commands?",
    Band(
        9,
        LinesTable(
            title="Slow shapes",
            unit="short",
            description=(
                "Commands that kept waiting for the server past the threshold, by shape, from the"
                " log lines `slow command: …`; a worker writes at most 20 of them in 10 s. A shape"
                f" has names, never values. {_RED}"
            ),
            keys={"shape": "Shape"},
            columns=(
                Column("Lines", "short", queries.SHAPE_COUNT),
                Column("Total", "s", queries.SHAPE_SECONDS),
                Column("Longest", "s", queries.SHAPE_LONGEST),
            ),
        ),
        TimeSeries(
            title="Slow commands by collection",
            unit="ops",
            description=(
                "Slow commands per second of the operations with most of them. All of them rise:"
                " the server or the network, board MongoDB. Only one: its shape."
            ),
            targets=(
                Target(queries.SLOW_COMMANDS, "{{db_operation_name}} {{db_collection_name}}"),
            ),
            links=(links.board(links.MONGODB, "Board MongoDB"),),
        ),
    ),
    Band(
        8,
        Traces(
            title="Traces with a slow command",
            description=(
                "Requests that waited for a slow command. The event db.slow_command has the shape,"
                " the server and how long the answer took on the wire."
            ),
            query=queries.COMMAND_TRACES,
            links=(links.trace(), links.record(), links.lines_of_trace()),
        ),
        Logs(
            title="Slow commands and their plans",
            description=(
                "Lines `slow command: …` and `plan of …`. The plan is asked of the server in the"
                " background; COLLSCAN needs an index."
            ),
            query=queries.COMMAND_LINES,
        ),
    ),
)
