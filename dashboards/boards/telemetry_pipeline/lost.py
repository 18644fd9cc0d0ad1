"""The Telemetry pipeline board's losses: by signal, hop and reason."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Column, StackedTimeSeries, Table, Target, TimeSeries
from dashboards.queries import telemetry_pipeline as queries

SECTION: Final = Section(
    "What was lost, where and why?",
    Band(
        9,
        Table(
            title="What was lost",
            unit="short",
            no_value="nothing was lost",
            description=(
                "Spans, lines and samples lost in the whole time range. Hop worker: reason"
                " queue_full, timeout or rejected, the Collector is down, slow or refuses them."
                " Hop collector: not_sent, a backend refused them or was away for longer than the"
                " retries; queue_full, it was away for too long. Hop tempo: a limit of Tempo."
            ),
            keys={"signal": "Signal", "hop": "Hop", "reason": "Reason"},
            columns=(Column("Lost", "short", queries.LOST_BY_HOP),),
        ),
        StackedTimeSeries(
            title="Lost, by signal and hop",
            unit="short",
            description=(
                "How many were lost within each 15 s. 0 is normal; the first step is the time of"
                " the fault."
            ),
            targets=(Target(queries.LOST_NOW, "{{signal}} {{hop}} {{reason}}"),),
        ),
        TimeSeries(
            title="Spans that nobody counted",
            unit="short",
            shades_of=config.BAD,
            description=(
                "Spans of the last hour that workers delivered and Tempo did not receive, without"
                " those that a hop counted as lost. Above 0: a Collector was killed with spans in"
                " memory; its log shows when it started."
            ),
            targets=(Target(queries.UNACCOUNTED, "spans"),),
        ),
    ),
)
