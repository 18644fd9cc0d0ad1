"""The Telemetry pipeline board's spans: made, kept, queued, exported, accepted, sent, stored."""

from typing import Final

from dashboards import config, links
from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import telemetry_pipeline as queries

_MADE = Band(
    9,
    StackedTimeSeries(
        title="Spans made",
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
        title="Spans dropped by workers",
        unit="ops",
        shades_of=config.BAD,
        description=(
            "Kept spans that did not reach the Collector, by reason. queue_full: more than the"
            " export can send. timeout, failed and rejected: the Collector is down or refuses them."
            " shutdown: the last ones of a worker. Requests are not affected."
        ),
        targets=(Target(queries.SPANS_DROPPED, "{{reason}}"),),
    ),
    TimeSeries(
        title="Queued spans",
        unit="short",
        description=(
            "Spans in the export queues of the workers with most of them. A queue that only grows"
            " ends in queue_full: the Collector does not take them."
        ),
        targets=(
            Target(queries.QUEUE_MEDIAN, "median"),
            Target(queries.QUEUE, WORKER_LEGEND),
        ),
        links=(links.lines_of_worker(links.WORKER_OF_SERIES),),
    ),
    columns=(7, 6, 6, 5),
)

_SENT = Band(
    9,
    TimeSeries(
        title="Exports of the workers",
        unit="ops",
        description=(
            "Requests of the workers to the Collector, by result. unavailable and unreachable: it"
            " is down, they try again. rejected: it will never take them."
        ),
        targets=(Target(queries.EXPORTS, "{{result}}"),),
    ),
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
        title="Problems of the export",
        unit="short",
        shades_of=config.BAD,
        description=(
            "Workers whose spans are not taken, by reason. 0 is normal; the service's log names the"
            " setting to check."
        ),
        targets=(Target(queries.EXPORT_PROBLEMS, "{{reason}}"),),
    ),
)

_ARRIVED = Band(
    9,
    TimeSeries(
        title="Collector: spans",
        unit="ops",
        description=(
            "Spans kept by the workers, accepted by the Collector, sent to Tempo, and received by"
            " it: four lines that lie on each other. Where one leaves the others, they wait or are"
            " lost behind it."
        ),
        targets=(
            Target(queries.SPANS_KEPT, "kept"),
            Target(queries.COLLECTOR_SPANS_ACCEPTED, "accepted"),
            Target(queries.COLLECTOR_SPANS_SENT, "sent"),
            Target(queries.TEMPO_RECEIVED, "received"),
        ),
    ),
    TimeSeries(
        title="Collector: spans lost",
        unit="ops",
        description=(
            "Refused: it had no memory or no room, and the worker tries again. Not sent: lost,"
            " because Tempo was away for longer than the retries. No room: lost, its queue was"
            " full."
        ),
        targets=(
            Target(queries.COLLECTOR_SPANS_REFUSED, "refused"),
            Target(queries.COLLECTOR_SPANS_NOT_SENT, "not sent"),
            Target(queries.COLLECTOR_SPANS_NO_ROOM, "no room"),
        ),
    ),
    TimeSeries(
        title="Tempo: spans discarded",
        unit="ops",
        shades_of=config.BAD,
        description=(
            "Spans that Tempo received and did not store, by reason: a limit of Tempo, such as the"
            " size of a trace. Raise it, or make fewer spans in one request."
        ),
        targets=(Target(queries.TEMPO_DISCARDED, "{{reason}}"),),
    ),
    TimeSeries(
        title="Tempo: traces in memory",
        unit="short",
        description=(
            "Traces that Tempo has not written yet, and writes that failed. Failed ones: its disk"
            " is full or read-only."
        ),
        targets=(
            Target(queries.TEMPO_TRACES, "in memory"),
            Target(queries.TEMPO_FLUSH_FAILURES_RECENTLY, "failed writes"),
        ),
    ),
)

SECTION: Final = Section("Spans: from made to stored", _MADE, _SENT, _ARRIVED)
