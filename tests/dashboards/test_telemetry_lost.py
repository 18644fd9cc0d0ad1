"""The number of lost spans, lines and samples: exact at births, restarts and gaps."""

import math
from pathlib import Path

import pytest

from dashboards import telemetry_lost
from dashboards.time_scale import TimeScale
from tests.support import promtool

pytestmark = pytest.mark.backend

RULES = Path("deploy/rules/telemetry_lost.yml")
WORKER = 'service_name="serene", service_instance_id="host/0"'
COLLECTOR = 'job="otelcol", instance="c:8888"'
LOST = telemetry_lost.LOST_RECENTLY

# Values every five seconds; a rule is evaluated every 15.
ALIVE = {
    f"up{{{COLLECTOR}}}": "1x1600",
    f"process_start_time_seconds{{{WORKER}}}": "0x1600",
}


def not_sent(values: str, signal: str = "spans") -> dict[str, str]:
    exporter = 'exporter="otlp_http/tempo"'
    return {f"otelcol_exporter_send_failed_{signal}{{{COLLECTOR}, {exporter}}}": values}


def dropped(values: str) -> dict[str, str]:
    return {f'telemetry_spans_dropped_total{{{WORKER}, reason="queue_full"}}': values}


def spans(delivered: str, received: str) -> dict[str, str]:
    return {
        f'telemetry_spans_total{{{WORKER}, decision="ratio"}}': delivered,
        f'telemetry_spans_dropped_total{{{WORKER}, reason="timeout"}}': "0x1600",
        f"telemetry_queue_spans{{{WORKER}}}": "0x1600",
        'tempo_distributor_spans_received_total{job="tempo", instance="t:3200"}': received,
        'up{job="tempo", instance="t:3200"}': "1x1600",
    }


CASES = {
    "nothing was lost": (ALIVE, "10m", 0),
    "the Collector is away": ({}, "10m", math.nan),
    "a first loss counts whole": (ALIVE | not_sent("_x60 7x1500"), "10m", 7),
    "what was lost before Prometheus is not known": (ALIVE | not_sent("7x60 9x1500"), "10m", 2),
    "each step counts once": (ALIVE | dropped("0x60 1 3 6 10x1500"), "10m", 10),
    "the Collector began again": (ALIVE | not_sent("0x30 10x30 4x1500"), "10m", 14),
    "it began again, without a loss so far": (
        ALIVE | not_sent("0x30 10x30 _x30 4x1500"),
        "10m",
        14,
    ),
    "a worker began again": (ALIVE | dropped("0x30 10x30 0x10 3x1500"), "10m", 13),
    "of all signals together": (
        ALIVE
        | not_sent("_x60 7x1500")
        | not_sent("_x60 5x1500", "log_records")
        | dropped("0x9 2x999"),
        "10m",
        14,
    ),
    "Prometheus was away: what was lost before is not new": (
        {
            f"up{{{COLLECTOR}}}": "_x180 1x1400",
            f"process_start_time_seconds{{{WORKER}}}": "_x180 0x1400",
        }
        | not_sent("_x180 500x1400"),
        "25m",
        0,
    ),
    "over after an hour": (ALIVE | not_sent("_x60 7x1500"), "70m", 0),
    "delivered and not received": (ALIVE | spans("0+10x1600", "0+10x60 600+0x1500"), "630s", 600),
    "on its way": (ALIVE | spans("0+10x1600", "0x3 0+10x1600"), "10m", 0),
    "received twice": (ALIVE | spans("0+10x1600", "0+11x1600"), "10m", 0),
}


@pytest.mark.parametrize(("series", "at", "value"), CASES.values(), ids=CASES.keys())
def test_number_of_losses(tmp_path: Path, series: dict[str, str], at: str, value: float) -> None:
    step = telemetry_lost.STEP
    found = promtool.evaluate(
        series, [(at, LOST, value)], tmp_path, rules=RULES.absolute(), interval=step
    )
    assert found == ""


def test_committed_rules_are_generated_from_their_source() -> None:
    assert RULES.read_text(encoding="utf-8") == telemetry_lost.to_yaml(TimeScale()), (
        "run `python -m dashboards`"
    )


def test_scaled_rules_have_scaled_steps() -> None:
    text = telemetry_lost.to_yaml(TimeScale(60))
    assert "interval: 250ms" in text
    assert "offset 15s" not in text
