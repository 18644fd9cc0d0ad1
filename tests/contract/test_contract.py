"""Two minutes of `./serene contract`: every response is as the OpenAPI document describes."""

import subprocess
import sys

import pytest

from stack import paths

pytestmark = pytest.mark.e2e

MINUTES = 2
SEED = 1
"""The same in each run: a failure comes from a change. `./serene contract` takes a new one."""


# Beside the minutes: starting, building a case again to make it smaller, and a busy machine.
@pytest.mark.timeout(MINUTES * 60 + 900)
def test_nothing_is_found_in_two_minutes():
    command = [
        sys.executable,
        str(paths.ROOT / "serene"),
        "contract",
        "--minutes",
        str(MINUTES),
        "--seed",
        str(SEED),
    ]
    done = subprocess.run(
        command,
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
