"""The Telemetry pipeline board's log lines: written, read, sent, stored."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Target, TimeSeries
from dashboards.queries import telemetry_pipeline as queries

SECTION: Final = Section(
    "Log lines: from written to stored",
    Band(
        9,
        TimeSeries(
            title="Dropped log lines",
            unit="short",
            shades_of=config.BAD,
            description=(
                "Lines that a worker could not write, by reason. The process that reads standard"
                " output is too slow or gone, or its disk is full."
            ),
            targets=(Target(queries.LOG_LINES_DROPPED, "{{reason}}"),),
        ),
        TimeSeries(
            title="Collector: lines",
            unit="ops",
            description=(
                "Lines read from the file, sent to Loki, and received by it: three lines that lie"
                " on each other. Read but not sent: Loki is away, they wait on disk."
            ),
            targets=(
                Target(queries.COLLECTOR_LINES_ACCEPTED, "read"),
                Target(queries.COLLECTOR_LINES_SENT, "sent"),
                Target(queries.LOKI_RECEIVED, "received"),
            ),
        ),
        TimeSeries(
            title="Collector: lines lost",
            unit="ops",
            description=(
                "Not sent: Loki refused the batch; Loki: lines discarded has the reason. No room:"
                " the queue on disk was full, because Loki was away for too long."
            ),
            targets=(
                Target(queries.COLLECTOR_LINES_NOT_SENT, "not sent"),
                Target(queries.COLLECTOR_LINES_NO_ROOM, "no room"),
            ),
        ),
        TimeSeries(
            title="Loki: lines discarded",
            unit="ops",
            shades_of=config.BAD,
            description=(
                "Lines that Loki refused, by reason, such as greater_than_max_sample_age: the line"
                " is too old. Counted as lost at the Collector, whose batch it was."
            ),
            targets=(Target(queries.LOKI_DISCARDED, "{{reason}}"),),
        ),
    ),
    Band(
        7,
        TimeSeries(
            title="Loki: streams in memory",
            unit="short",
            description=(
                "One for each level of each worker. A jump: a label with many values, which makes"
                " Loki slow."
            ),
            targets=(Target(queries.LOKI_STREAMS, "streams"),),
        ),
    ),
)
