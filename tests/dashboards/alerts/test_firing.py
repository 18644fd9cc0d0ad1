"""Every alert fires for what it names, not before, and resolves: by Prometheus' own evaluation."""

import re
from pathlib import Path

import pytest
import yaml

from dashboards import alerts
from dashboards.time_scale import TimeScale
from tests.dashboards.alerts import budget_cases, cause_cases, member_cases, pipeline_cases
from tests.dashboards.alerts.timeline import STEP_SECONDS, Case
from tests.support import promtool

pytestmark = pytest.mark.backend

CASES = (
    *budget_cases.CASES,
    *cause_cases.CASES,
    *pipeline_cases.CASES,
    *member_cases.CASES,
)


def needed(case: Case, folder: Path) -> list[str]:
    """Write the rules of a case's alert and those that they read, and return the files.

    All rules take Prometheus ten times as long.
    """
    texts = alerts.files(TimeScale(case.scale))
    every = [
        rule
        for name in ("rules/recording.yml", "rules/alerts.yml")
        for group in yaml.safe_load(texts[name])["groups"]
        for rule in group["rules"]
    ]
    chosen_names = {case.alert, *(name.partition('"')[0] for name in case.without)}
    chosen = [rule for rule in every if rule.get("alert") in chosen_names]
    read = {name for rule in chosen for name in re.findall(r"serene:[\w:]+", rule["expr"])}
    while True:
        records = [rule for rule in every if rule.get("record") in read]
        more = {name for rule in records for name in re.findall(r"serene:[\w:]+", rule["expr"])}
        if more <= read:
            break
        read |= more
    file = folder / "rules.yml"
    groups = [{"name": "needed", "rules": [*records, *chosen]}]
    file.write_text(yaml.safe_dump({"groups": groups}, sort_keys=False))
    return [str(file)]


def count(matcher: str) -> str:
    return f'count(ALERTS{{alertname="{matcher}", alertstate="firing"}}) or vector(0)'


def checks(case: Case) -> list[dict[str, object]]:
    own = f'{case.alert}", severity="{case.severity}'
    own += "".join(f'", {name}="{value}' for name, value in case.labels.items())
    expected = [(own, case.quiet, 0), (own, case.fires, 1), (own, case.resolved, 0)]
    expected += [(other, case.fires, 0) for other in case.without]
    return [
        {
            "expr": count(matcher),
            "eval_time": f"{at}s",
            "exp_samples": [{"labels": "{}", "value": value}],
        }
        for matcher, at, value in expected
    ]


@pytest.mark.backend
@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_alert_is_quiet_fires_and_resolves(case: Case, tmp_path: Path) -> None:
    step = f"{STEP_SECONDS if case.scale == 1 else 1}s"
    test = {
        "evaluation_interval": step,
        "rule_files": needed(case, tmp_path),
        "tests": [
            {
                "interval": step,
                "input_series": [
                    {"series": name, "values": values} for name, values in case.series.items()
                ],
                "promql_expr_test": checks(case),
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(test))
    done = promtool.promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case() -> None:
    rules = yaml.safe_load(alerts.files(TimeScale())["rules/alerts.yml"])["groups"]
    assert {(case.alert, case.severity) for case in CASES} == {
        (rule["alert"], rule["labels"]["severity"]) for group in rules for rule in group["rules"]
    }
