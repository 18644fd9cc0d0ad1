"""Latency of the API under an easy load, with one worker on a core of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack import paths

pytestmark = [pytest.mark.e2e, pytest.mark.exclusive]

P95_TARGETS_MS = {
    "health": 50,
    "login": 200,
    "booking, book": 400,
    "booking, pay": 400,
    "blog, page": 150,
    "blog, post": 150,
    # With a model that answers within a second.
    "companion, first word": 2000,
}
ROUNDS = 4
"""Other load on the machine makes rounds slower, never faster: the best one counts."""


def test_easy_load_is_answered_within_the_targets(tmp_path: Path) -> None:
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        late = [name for name, target in P95_TARGETS_MS.items() if best.get(name, target) >= target]
        if not late:
            break
        kinds = sorted({name.partition(",")[0] for name in late})
        file = tmp_path / "figures.json"
        command = [sys.executable, "-m", "bench.api", *kinds, "--parts", "easy"]
        done = subprocess.run(
            [*command, "--seconds", "8", "--json", str(file)],
            cwd=paths.ROOT,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        print(done.stdout)
        for figures in json.loads(file.read_text()):
            assert figures["failures"] == 0, figures
            name = figures["name"]
            best[name] = min(best.get(name, float("inf")), figures["p95"])
    missed = {name for name, target in P95_TARGETS_MS.items() if best.get(name, target) >= target}
    assert {name: best.get(name) for name in missed} == {}
