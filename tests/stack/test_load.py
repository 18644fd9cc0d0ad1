"""Demo traffic against the real service: everything it asks for is answered, about as often as was asked."""

import re
import subprocess
import sys

import pytest

from stack import paths
from stack.runner import Stack

pytestmark = pytest.mark.e2e

KINDS = {"health", "list, by category", "list, by tag", "list, first page", "list, next page", "post", "post, not there"}


def test_demo_traffic_is_a_mix_without_failures_that_ends_with_its_table(own_stack: Stack) -> None:
    for name in ("mongodb", "service"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    own_stack.seed("service")
    # Longer where the machine does not let it come up to its rate.
    for seconds in (6, 24, 96):
        command = [sys.executable, "-m", "stack.cli", "load", "--port-offset", str(own_stack.offset)]
        command += ["--rate", "40", "--users", "8", "--duration", str(seconds)]
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)
        rows = re.findall(r"^GET +(.+?)  +(\d+) +(\d+)\(", done.stdout + done.stderr, re.MULTILINE)
        sent = sum(int(count) for _, count, _ in rows)
        if sent > 85:
            break
    assert (done.returncode, {name for name, _, _ in rows}, sum(int(failed) for _, _, failed in rows)) == (0, KINDS, 0)
    # 240 expected in six seconds, at random: this is ten standard deviations.
    assert 85 < sent < 395 + 40 * (seconds - 6)
