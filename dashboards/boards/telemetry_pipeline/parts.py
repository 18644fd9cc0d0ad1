"""The Telemetry pipeline board's parts: the layer in the workers, the Collector, the backends."""

from typing import Final

from dashboards import config
from dashboards.boards.telemetry_pipeline.is_it_bad import QUEUE_FULL
from dashboards.layout import Band, Section
from dashboards.panels import StateTimeline, Target, TimeSeries
from dashboards.queries import telemetry_pipeline as queries

SECTION: Final = Section(
    "Are its parts healthy?",
    Band(
        7,
        TimeSeries(
            title="Errors inside telemetry",
            unit="short",
            shades_of=config.BAD,
            description=(
                "Exceptions that telemetry caught and dropped, by place. Requests were served;"
                " numbers from that place are wrong. Search the log for `telemetry failed`."
            ),
            targets=(Target(queries.ERRORS, "{{where}}"),),
        ),
        TimeSeries(
            title="Recorded requests",
            unit="short",
            description=(
                "Slow, failed and cut requests that the flight recorders kept, for /debug/requests"
                " of each worker. evicted: older ones that made room; left_out: too many at once."
            ),
            targets=(Target(queries.RECORDED_REQUESTS, "{{result}}"),),
        ),
        StateTimeline(
            title="Backends that answer",
            unit="short",
            description=(
                "Whether the Collector's scrape of each backend succeeded. A backend that does not"
                " answer loses nothing at first: the Collector waits for it."
            ),
            target=Target(queries.BACKENDS_UP, "{{job}}"),
            states=config.ANSWERS,
        ),
    ),
    Band(
        7,
        TimeSeries(
            title="Queues of the Collector",
            unit="percentunit",
            description=(
                "Share of each queue's capacity in use, by exporter and signal. It grows while the"
                " backend is away; the queue of lines is on disk, the others are in memory."
            ),
            targets=(Target(queries.COLLECTOR_QUEUES, "{{exporter}} {{data_type}}"),),
            limits=QUEUE_FULL,
        ),
        TimeSeries(
            title="Collector: memory",
            unit="bytes",
            description=(
                "Its resident memory. Near 256 MiB it refuses spans and samples: a backend is away,"
                " or it has too many workers to scrape."
            ),
            targets=(Target(queries.COLLECTOR_MEMORY, "resident"),),
        ),
        TimeSeries(
            title="Collector: processor",
            unit="percentunit",
            description=(
                "Share of one core that it uses. A step: more workers, more series of each, or more"
                " spans; Samples of a scrape and Spans made show which."
            ),
            targets=(Target(queries.COLLECTOR_CPU, "in use"),),
        ),
        TimeSeries(
            title="Collector: running for",
            unit="s",
            description=(
                "A fall to 0 is a start. What it had in memory before, spans and samples, is lost;"
                " its log has the reason."
            ),
            targets=(Target(queries.UPTIME, "{{job}}"),),
        ),
        columns=(8, 5, 5, 6),
    ),
)
