"""Prometheus' own parser, as a test's oracle for PromQL."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.backend import built


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
    promtool = built("prometheus") / "promtool"
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    found = done.stdout.partition("SUCCESS: ")[2].strip()
    return done.returncode, found or done.stderr
