"""How long answers take when nothing is wrong.

The figures that were promised, with one worker on a core of its own.
"""

import json
import subprocess
import sys

import pytest

from stack import paths

pytestmark = pytest.mark.e2e

MOST_P95_MS = {
    "health": 50,
    "login": 200,
    "booking, book": 400,
    "booking, pay": 400,
    "blog, page": 150,
    "blog, post": 150,
    # Of a model that answers in a second.
    "companion, first word": 2000,
}
ROUNDS = 4
"""A neighbour on the machine makes some rounds worse, and none better: the best one counts."""


def test_easy_load_is_answered_within_the_targets(tmp_path):
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        late = [name for name, most in MOST_P95_MS.items() if best.get(name, float("inf")) >= most]
        if not late:
            break
        kinds = sorted({name.partition(",")[0] for name in late})
        file = tmp_path / "figures.json"
        command = [
            sys.executable,
            "-m",
            "bench.api",
            *kinds,
            "--parts",
            "easy",
            "--seconds",
            "8",
            "--json",
            str(file),
        ]
        done = subprocess.run(
            command, cwd=paths.ROOT, capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        print(done.stdout)
        for figures in json.loads(file.read_text()):
            assert figures["failures"] == 0, figures
            best[figures["name"]] = min(best.get(figures["name"], float("inf")), figures["p95"])
    assert {
        name: ms for name, ms in best.items() if name in MOST_P95_MS and ms >= MOST_P95_MS[name]
    } == {}
    assert best.keys() >= MOST_P95_MS.keys()
