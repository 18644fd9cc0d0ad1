"""Prometheus' own parser, as a test's oracle for PromQL."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from stack import golang, paths
from stack.backends import BY_NAME
from stack.build import Builder


def read(expressions: Sequence[str], folder: Path) -> tuple[int, str]:
    """What ``promtool check rules`` says of expressions; it is built when missing.

    Args:
        expressions: PromQL, without variables.
        folder: Where the rules file may be written.

    Returns:
        The exit code, and how many it found or what it does not understand.
    """
    file = folder / "rules.yml"
    rules = [
        {"record": f"query:{index}", "expr": expression}
        for index, expression in enumerate(expressions)
    ]
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    cache = paths.cache_directory()
    promtool = (
        Builder(golang.find(cache) or golang.fetch(cache), cache).build(BY_NAME["prometheus"])
        / "promtool"
    )
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    found = done.stdout.partition("SUCCESS: ")[2].strip()
    return done.returncode, found or done.stderr
