"""Last section of the Service and Members boards: whether telemetry itself loses anything."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import telemetry_health as queries

_SPANS = Band(
    7,
    StackedTimeSeries(
        title="Spans",
        unit="ops",
        description=(
            "Ended spans, by why their trace was kept: ratio (OTEL_TRACES_SAMPLER_ARG), caller,"
            " debug header, failed, slow, or how the request was cut. No trace have not_kept:"
            " ordinary requests outside of the ratio; over_budget; memory: no room until the end."
        ),
        targets=(Target(queries.SPANS, "{{decision}}"),),
    ),
    TimeSeries(
        title="Spans over the budget",
        unit="ops",
        description=(
            "Spans that were not kept because TELEMETRY_KEPT_SPANS_PER_SECOND was used up, by what"
            " they would have been kept for. Each route and reason keeps a fair share, so some"
            " traces of each are there. caller: TELEMETRY_PARENT_SAMPLED_PER_SECOND."
        ),
        targets=(Target(queries.SPANS_OVER_BUDGET, "{{reason}}"),),
    ),
    TimeSeries(
        title="Spans dropped",
        unit="ops",
        description=(
            "Kept spans that did not reach the Collector, by reason. queue_full: more spans than"
            " the export can send. failed and rejected: the Collector is down or refuses them."
            " shutdown: the last spans of a worker. Requests are not affected."
        ),
        targets=(Target(queries.SPANS_DROPPED, "{{reason}}"),),
    ),
)

_WORKERS = Band(
    7,
    TimeSeries(
        title="Export p95",
        unit="s",
        description=(
            "Duration of one export to the Collector, by result. Near 2 s it times out: the"
            " Collector hangs or is unreachable."
        ),
        targets=(Target(queries.EXPORT_P95, "{{result}}"),),
    ),
    TimeSeries(
        title="Queued spans",
        unit="short",
        description=(
            "Spans in each worker's export queue. When the queue only grows, spans will be dropped."
        ),
        targets=(Target(queries.QUEUE, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Errors inside telemetry",
        unit="short",
        description=(
            "Exceptions that telemetry caught and dropped, by place. Requests were served; numbers"
            " from that place are wrong. Search the log for `telemetry failed`."
        ),
        targets=(Target(queries.ERRORS, "{{where}}"),),
    ),
    TimeSeries(
        title="Dropped log lines",
        unit="short",
        description=(
            "Lines that could not be written, by reason. The process that reads standard output is"
            " too slow or gone."
        ),
        targets=(Target(queries.LOG_LINES_DROPPED, "{{reason}}"),),
    ),
)

_RECORDER_AND_COLLECTOR = Band(
    7,
    TimeSeries(
        title="Recorded requests",
        unit="short",
        description=(
            "Slow, failed and cut requests that the flight recorders kept, for /debug/requests of"
            " each worker. evicted: older ones that made room; left_out: too large to be kept."
        ),
        targets=(Target(queries.RECORDED_REQUESTS, "{{result}}"),),
    ),
    TimeSeries(
        title="Collector: spans",
        unit="ops",
        description=(
            "Spans that the Collector accepted, sent to Tempo, and failed to send. Accepted but not"
            " sent: Tempo is down, and the Collector retries for two minutes."
        ),
        targets=(
            Target(queries.COLLECTOR_SPANS_ACCEPTED, "accepted"),
            Target(queries.COLLECTOR_SPANS_SENT, "sent"),
            Target(queries.COLLECTOR_SPANS_FAILED, "failed"),
        ),
    ),
    TimeSeries(
        title="Collector: metric samples",
        unit="ops",
        description=(
            "Metric samples sent to Prometheus, and failed ones. While this panel has data, at"
            " least some arrive."
        ),
        targets=(
            Target(queries.COLLECTOR_POINTS_SENT, "sent"),
            Target(queries.COLLECTOR_POINTS_FAILED, "failed"),
        ),
    ),
)

SECTION: Final = Section("Is telemetry itself healthy?", _SPANS, _WORKERS, _RECORDER_AND_COLLECTOR)
