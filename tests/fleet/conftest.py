"""One start of the fleet for all tests: every scene, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from stack import paths

REQUESTS = 3000
SECONDS = 420.0


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What ``python -m stack.fleet`` saw: each scene's text and whether it passed."""
    file = tmp_path_factory.mktemp("fleet") / "seen.json"
    command = [sys.executable, "-m", "stack.fleet", "--requests", f"{REQUESTS}", "--json", file]
    done = subprocess.run(
        command,
        cwd=paths.ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert file.exists(), f"{done.stdout}\n{done.stderr}"
    return {"code": done.returncode, "table": done.stdout, "seen": json.loads(file.read_text())}
