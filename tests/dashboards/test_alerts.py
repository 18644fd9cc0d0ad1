"""The alerts: generated, valid, and firing for what they name, by Prometheus' own evaluation."""

import json
import math
from pathlib import Path

import pytest

from dashboards import alerts
from tests.support import promtool

WORKER = 'service_name="serene", service_instance_id="host/0"'
STARTED = {f"process_start_time_seconds{{{WORKER}}}": "0x2000"}


def export_problem(values: str) -> dict[str, str]:
    return {f'telemetry_export_problem{{{WORKER}, reason="not_found"}}': values}


def refunds(status: str, values: str) -> dict[str, str]:
    return {f'serene_refunds_total{{{WORKER}, status="{status}"}}': values}


def test_committed_rules_are_generated_from_their_source() -> None:
    assert alerts.RULES.read_text(encoding="utf-8") == alerts.to_yaml(), (
        "run `python -m dashboards`"
    )


def test_names_are_unique_and_texts_are_complete() -> None:
    assert len({alert.name for alert in alerts.ALERTS}) == len(alerts.ALERTS)
    assert all(alert.action.endswith(".") and alert.summary for alert in alerts.ALERTS)
    assert "$service" not in alerts.to_yaml()


# Values every five seconds; "_" is a time without a series.
@pytest.mark.e2e
@pytest.mark.parametrize(
    ("series", "at", "fires"),
    [
        (export_problem("0x720"), "10m", []),
        (export_problem("0x12 1x720"), "5m", []),
        (export_problem("0x12 1x720"), "10m", ["SpansNotTaken"]),
        (export_problem("1x60 0x720"), "10m", []),
        (refunds("succeeded", "_x60 1x720"), "10m", []),
        (refunds("pending", "_x60 1x720"), "10m", []),
        (refunds("failed", "_x60 1x720"), "10m", ["RefundFailed"]),
        (refunds("canceled", "_x60 1x720"), "10m", ["RefundFailed"]),
        (refunds("failed", "3x720 4x10"), "60m30s", ["RefundFailed"]),
        (refunds("failed", "_x60 1x1600"), "2h", []),
    ],
)
def test_alert_fires_for_what_it_names(
    tmp_path: Path, series: dict[str, str], at: str, fires: list[str]
) -> None:
    expected = [
        (
            at,
            f'count(ALERTS{{alertname="{alert.name}", alertstate="firing"}})',
            1 if alert.name in fires else math.nan,
        )
        for alert in alerts.ALERTS
    ]
    assert promtool.evaluate(STARTED | series, expected, tmp_path, rules=alerts.RULES) == ""


@pytest.mark.e2e
def test_rules_are_valid() -> None:
    done = promtool.promtool("check", "rules", "--lint=all", alerts.RULES)
    assert (done.returncode, "2 rules found" in done.stdout) == (0, True), json.dumps(done.stderr)
