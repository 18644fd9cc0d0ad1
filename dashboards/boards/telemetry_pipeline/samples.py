"""The Telemetry pipeline board's samples: scraped, sent, written, and what rules make of them."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, Column, Table, Target, TimeSeries
from dashboards.queries import telemetry_pipeline as queries

_SCRAPES = Band(
    9,
    TimeSeries(
        title="Workers scraped",
        unit="short",
        description=(
            "Workers whose last scrape succeeded, and those whose failed. Failed ones: the process"
            " is gone, or its management port is not reachable from the Collector."
        ),
        targets=(
            Target(queries.SCRAPED, "succeeded"),
            Target(queries.SCRAPES_FAIL, "failed"),
        ),
    ),
    TimeSeries(
        title="Duration of a scrape",
        unit="s",
        description=(
            "Of the slowest workers. Near the scrape interval samples are lost: the worker has too"
            " many series, or the machine no processor."
        ),
        targets=(Target(queries.SCRAPE_SECONDS, WORKER_LEGEND),),
        links=(links.board(links.RUNTIME, "Board Runtime", instance=links.WORKER_OF_SERIES),),
    ),
    TimeSeries(
        title="Samples of a scrape",
        unit="short",
        description=(
            "Of all selected workers, and of the one with most. A jump after a release: a label"
            " with many values."
        ),
        targets=(
            Target(queries.SCRAPE_SAMPLES, "all workers"),
            Target(queries.SCRAPE_SAMPLES_LARGEST, "largest"),
        ),
    ),
    Table(
        title="Failed scrapes",
        unit="short",
        no_value="no scrape failed",
        description=(
            "Scrapes that failed in the whole time range, by worker. In these times the boards"
            " know nothing of it."
        ),
        keys={"service_instance_id": "Instance", "service_name": "Service"},
        columns=(Column("Failures", "short", queries.SCRAPES_FAILED),),
        links=(links.lines_of_worker(links.WORKER_OF_ROW),),
    ),
    columns=(5, 5, 6, 8),
)

_SENT = Band(
    9,
    TimeSeries(
        title="Collector: samples",
        unit="ops",
        description=(
            "Metric points accepted from scrapes and sent to Prometheus, and samples that it"
            " appended. A histogram is one point and many samples, so appended is the highest."
        ),
        targets=(
            Target(queries.COLLECTOR_POINTS_ACCEPTED, "accepted"),
            Target(queries.COLLECTOR_POINTS_SENT, "sent"),
            Target(queries.PROMETHEUS_APPENDED, "appended"),
        ),
    ),
    TimeSeries(
        title="Collector: samples lost",
        unit="ops",
        description=(
            "Not sent: Prometheus refused the write or was away for longer than the retries. No"
            " room: the Collector's queue was full. The boards have a gap."
        ),
        targets=(
            Target(queries.COLLECTOR_POINTS_NOT_SENT, "not sent"),
            Target(queries.COLLECTOR_POINTS_NO_ROOM, "no room"),
        ),
    ),
    TimeSeries(
        title="Prometheus: writes",
        unit="reqps",
        description=(
            "Requests of the Collector's remote write, by status. 204 is success; 400: it refused"
            " samples, Prometheus: samples refused has the reason; 500: its disk."
        ),
        targets=(Target(queries.PROMETHEUS_WRITES, "{{code}}"),),
    ),
    TimeSeries(
        title="Prometheus: samples refused",
        unit="ops",
        description=(
            "Samples that Prometheus did not append. Out of order or too old: a Collector that was"
            " away sends what is older than the window, or two Collectors scrape one worker. Out of"
            " bound: a clock is wrong."
        ),
        targets=(
            Target(queries.PROMETHEUS_OUT_OF_ORDER, "out of order"),
            Target(queries.PROMETHEUS_TOO_OLD, "too old"),
            Target(queries.PROMETHEUS_OUT_OF_BOUND, "out of bound"),
        ),
    ),
)

_STORED = Band(
    7,
    TimeSeries(
        title="Prometheus: series and exemplars",
        unit="short",
        description=(
            "Series in memory, and exemplars kept. Series that only grow: a label with many values;"
            " Samples of a scrape shows whose."
        ),
        targets=(
            Target(queries.PROMETHEUS_SERIES, "series"),
            Target(queries.PROMETHEUS_EXEMPLARS, "exemplars"),
        ),
    ),
    TimeSeries(
        title="Prometheus: duration of rules",
        unit="s",
        description=(
            "Last evaluation of each group of rules. Near its interval evaluations are missed, and"
            " alerts come late."
        ),
        targets=(Target(queries.RULE_SECONDS, "{{rule_group}}"),),
    ),
    TimeSeries(
        title="Prometheus: rules that fail",
        unit="ops",
        description=(
            "Evaluations of rules that failed, and evaluations that were missed. While either is"
            " above 0, an alert may not fire."
        ),
        targets=(
            Target(queries.RULE_FAILURES, "failed"),
            Target(queries.RULE_MISSED, "missed"),
        ),
    ),
)

SECTION: Final = Section("Samples: from scraped to stored", _SCRAPES, _SENT, _STORED)
