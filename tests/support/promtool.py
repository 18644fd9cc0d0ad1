"""Prometheus' own parser, as a test's oracle for PromQL."""

import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.backend import built


def evaluate(
    series: dict[str, str],
    expressions: Sequence[tuple[str, str, float]],
    folder: Path,
    rules: Path | None = None,
    interval: str = "5s",
) -> str:
    """Evaluate expressions over series, as Prometheus does.

    Args:
        series: Values in promtool's notation, one for every five seconds, by series.
        expressions: Time of evaluation, such as ``10m``; PromQL without variables, whose result is
            one value without labels; and that value, or NaN for no result.
        folder: Where the file of the test is written.
        rules: A file of rules that Prometheus evaluates too.
        interval: Between two evaluations of the rules; promtool ignores that of their group.

    Returns:
        What differs; empty when nothing does.
    """
    file = folder / "tests.yml"
    tests = [
        {
            "expr": f"round({expression}, 0.001)",
            "eval_time": at,
            "exp_samples": [] if math.isnan(value) else [{"labels": "{}", "value": value}],
        }
        for at, expression, value in expressions
    ]
    given = [{"series": name, "values": values} for name, values in series.items()]
    group = {"interval": "5s", "input_series": given, "promql_expr_test": tests}
    test = {"evaluation_interval": interval, "tests": [group]}
    test |= {"rule_files": [str(rules)]} if rules else {}
    file.write_text(yaml.safe_dump(test))
    done = promtool("test", "rules", file)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def annotations(
    series: dict[str, str],
    alert: str,
    at: str,
    expected: dict[str, dict[str, str]],
    folder: Path,
    rules: Path,
) -> str:
    """Compare the labels and annotations of the only firing alert of a name.

    Args:
        series: As for ``evaluate``.
        alert: Its name.
        at: Time of evaluation, such as ``10m``.
        expected: Its ``labels`` and ``annotations``, without its name.
        folder: Where the file of the test is written.
        rules: The file of rules.

    Returns:
        What differs; empty when nothing does.
    """
    file = folder / "tests.yml"
    firing = {f"exp_{name}": values for name, values in expected.items()}
    group = {
        "interval": "5s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": [firing]}],
    }
    test = {"evaluation_interval": "5s", "rule_files": [str(rules)], "tests": [group]}
    file.write_text(yaml.safe_dump(test))
    done = promtool("test", "rules", file)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def check_rules(expressions: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run ``promtool check rules`` on expressions; promtool is built when it is missing.

    Args:
        expressions: PromQL, without variables.
        folder: Where the rules file is written.

    Returns:
        The exit code, and the number of rules found or the parser's error.
    """
    file = folder / "rules.yml"
    rules = [{"record": f"query:{index}", "expr": text} for index, text in enumerate(expressions)]
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = promtool("check", "rules", file)
    found = done.stdout.partition("SUCCESS: ")[2].strip()
    return done.returncode, found or done.stderr


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run promtool to its end; it is built when it is missing."""
    return subprocess.run(
        [built("prometheus") / "promtool", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
