"""Alerts on telemetry itself: scrapes, exports, and what got lost.

The Collector's own series belong to no service; its counters have no ``_total`` (0.160), and are
absent before their first event.
"""

from typing import Final

from dashboards.alerts.rule import OF, WORKER, Alert
from dashboards.rule_promql import OF_SERVICE, OF_WORKER, UP, increase, largest, selector, total
from dashboards.time_scale import TimeScale, in_seconds
from service import objectives
from telemetry import names

COLLECTOR: Final = 'job="otelcol"'
SIGNALS: Final = ("spans", "metric_points", "log_records")
"""As the Collector's metrics are named."""
_LOST: Final = tuple(
    f"otelcol_{what}_{signal}"
    for signal in SIGNALS
    for what in ("exporter_send_failed", "exporter_enqueue_failed", "receiver_refused")
)


def alerts(time: TimeScale) -> tuple[Alert, ...]:
    """Return the alerts of this subject."""
    return (*_scrapes(time), *_exports(time), *_lost(time))


def _scrapes(time: TimeScale) -> tuple[Alert, ...]:
    name = "ScrapeMissing"
    age = f"time() - {largest(f'timestamp({UP})', *OF_SERVICE)}"
    return (
        Alert(
            name,
            f"{largest(UP, *OF_SERVICE)} == 0"
            f" or ({age} > {time.seconds(objectives.SCRAPE_AGE_SECONDS.bad):g})"
            f" or absent({UP})",
            time("30s"),
            "page",
            "No metrics arrive from {{ with $labels.service_name }}{{ . }}{{ else }}any service"
            "{{ end }}",
            "Either no worker answers on its management port, or the Collector is away: then no "
            "other alert can fire, and every board shows old values.",
            "serene-telemetry",
        ),
        Alert(
            name,
            f"{largest(UP, *OF_WORKER)} == 0",
            time("1m"),
            "ticket",
            f"{WORKER} of {OF} is not scraped",
            "The worker has ended, or its management port is not reachable; it may still serve.",
            "serene-telemetry",
        ),
    )


def _exports(time: TimeScale) -> tuple[Alert, ...]:
    stuck = " or ".join(_stuck(signal, time("1m")) for signal in ("spans", "log_records"))
    return (
        Alert(
            "SpansNotTaken",
            f"{largest(names.EXPORT_PROBLEM.name, *OF_SERVICE, 'reason')} > 0",
            time("5m"),
            "ticket",
            f"The receiver takes no spans of {OF}: {{{{ $labels.reason }}}}",
            "The service's log and the member trace_export of its health report name the setting "
            "to check, OTEL_EXPORTER_OTLP_ENDPOINT in most cases. Requests are not affected.",
            "serene-telemetry",
        ),
        Alert(
            "ExporterFailing",
            stuck,
            time("30s"),
            "ticket",
            "The Collector receives {{ $labels.signal }} and delivers none",
            "Tempo (spans) or Loki (log_records) does not take them. They wait in the queue: spans "
            "for two minutes, lines on disk until it is full.",
            "serene-telemetry",
        ),
    )


def _stuck(signal: str, window: str) -> str:
    accepted, sent = (
        f"sum(rate({selector(f'otelcol_{what}_{signal}', COLLECTOR)}[{window}]))"
        for what in ("receiver_accepted", "exporter_sent")
    )
    return f'label_replace(({accepted} > 0) unless ({sent} > 0), "signal", "{signal}", "", "")'


def _increase(counter: str, window: str) -> str:
    """Return the increase of a counter of the Collector, its first event included."""
    existed = selector("up", COLLECTOR) + f" offset {window}"
    started = selector("otelcol_process_uptime", COLLECTOR) + f" < {in_seconds(window):g}"
    return (
        f"(({counter} unless {counter} offset {window}) and on(job) ({existed} or {started})"
        f" or increase({counter}[{window}]))"
    )


def _lost(time: TimeScale) -> tuple[Alert, ...]:
    window = time("10m")
    kept = selector(names.SPANS, 'decision!~"not_kept|over_budget|memory"')
    spans = total(increase(names.SPANS_DROPPED.name, window), *OF_SERVICE)
    lines = total(increase(names.LOG_LINES_DROPPED.name, window), *OF_SERVICE)
    share = objectives.TELEMETRY_LOST_RATIO.bad
    of_worker = f"{spans} > {share:g} * {total(increase(kept, window), *OF_SERVICE)} or {lines} > 0"
    of_collector = " or ".join(
        f"sum by (job) ({_increase(selector(name, COLLECTOR), window)}) > 0" for name in _LOST
    )
    return (
        Alert(
            "TelemetryLost",
            of_worker,
            "0s",
            "ticket",
            f"{OF} lost {{{{ $value | humanize }}}} spans or lines",
            "They were dropped before the Collector: the reason is on the board.",
            "serene-telemetry",
            {"where": "worker"},
        ),
        Alert(
            "TelemetryLost",
            of_collector,
            "0s",
            "ticket",
            "The Collector lost {{ $value | humanize }} spans, points or lines",
            "Its exporter gave up, or its queue was full; the board shows which one, its log why.",
            "serene-telemetry",
            {"where": "collector"},
        ),
    )
