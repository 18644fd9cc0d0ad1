"""Cases of the alerts on telemetry and its ways; samples are five seconds apart."""

from typing import Final

from tests.dashboards.alerts.timeline import Case, collector, phases, ramp, running, series

CASES: Final = (
    Case(
        "ScrapeMissing",
        "page",
        running(400, workers=2)
        | {
            series("up", 'job="serene"', slot): phases((120, 1), (120, 0), (160, 1))
            for slot in range(2)
        },
        quiet=115,
        fires=170,
        resolved=260,
    ),
    # The Collector is away: nothing arrives, also no zero.
    Case(
        "ScrapeMissing",
        "page",
        running(900) | {series("up", 'job="serene"'): phases((120, 1), (600, None), (180, 1))},
        quiet=150,
        fires=260,
        resolved=760,
        labels={"service_name": "serene"},
    ),
    Case(
        "ScrapeMissing",
        "ticket",
        running(400, workers=2)
        | {series("up", 'job="serene"', 1): phases((120, 1), (120, 0), (160, 1))},
        quiet=150,
        fires=220,
        resolved=260,
        labels={"service_instance_id": "host/1"},
        without=('ScrapeMissing", severity="page',),
    ),
    Case(
        "SpansNotTaken",
        "ticket",
        running(900)
        | {
            series("telemetry_export_problem", 'reason="not_found"'): phases(
                (60, 0), (600, 1), (240, 0)
            )
        },
        quiet=300,
        fires=600,
        resolved=700,
        labels={"reason": "not_found"},
    ),
    Case(
        "ExporterFailing",
        "ticket",
        running(600)
        | {
            collector("otelcol_receiver_accepted_spans"): ramp((600, 10)),
            collector("otelcol_exporter_sent_spans"): ramp((120, 10), (180, 0), (300, 10)),
        },
        quiet=150,
        fires=250,
        resolved=350,
        labels={"signal": "spans"},
    ),
    Case(
        "TelemetryLost",
        "ticket",
        running(1000)
        | {
            series("telemetry_spans_total", 'decision="ratio"'): ramp((1000, 1)),
            series("telemetry_spans_dropped_total", 'reason="timeout"'): phases(
                (120, None), (880, 50)
            ),
        },
        quiet=115,
        fires=130,
        resolved=900,
        labels={"where": "worker"},
    ),
    # The first failure of the Collector: it has no series before.
    Case(
        "TelemetryLost",
        "ticket",
        running(1500)
        | {
            collector("up"): phases((1500, 1)),
            collector("otelcol_process_uptime"): ramp((1500, 1), begin=5000),
            collector("otelcol_exporter_send_failed_spans", 'exporter="otlp_http/tempo"'): phases(
                (720, None), (780, 30)
            ),
        },
        quiet=710,
        fires=730,
        resolved=1450,
        labels={"where": "collector"},
    ),
)
