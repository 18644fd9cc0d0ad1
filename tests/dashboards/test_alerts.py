"""The alerts: generated, valid, and firing for what they name, by Prometheus' own evaluation."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dashboards import alerts
from tests.backend import built

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
    shutil.copy(alerts.RULES, tmp_path / "alerts.yml")
    given = [{"series": name, "values": values} for name, values in (STARTED | series).items()]
    expected = [
        {
            "eval_time": at,
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in fires],
        }
    ]
    group = {"interval": "5s", "input_series": given, "promql_expr_test": expected}
    (tmp_path / "tests.yml").write_text(
        yaml.safe_dump(
            {"rule_files": ["alerts.yml"], "evaluation_interval": "5s", "tests": [group]}
        )
    )
    done = subprocess.run(
        [built("prometheus") / "promtool", "test", "rules", "tests.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.e2e
def test_rules_are_valid() -> None:
    done = subprocess.run(
        [built("prometheus") / "promtool", "check", "rules", "--lint=all", alerts.RULES],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "2 rules found" in done.stdout) == (0, True), json.dumps(done.stderr)
