"""A subject is removed with its folder and the lines of ``bootstrap.py`` that name it."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

WITHOUT_THE_BLOG = """
from gevent import monkey
monkey.patch_all()
import json, os, sys
from service.bootstrap import build

client = build({"TELEMETRY_REQUEST_LOG": "false"}).app.test_client()
root, document = client.get("/").get_json(), client.get("/api/v1/openapi.json").get_json()
print(json.dumps({"links": sorted(root["links"]), "paths": sorted(document["paths"])}))
"""


@pytest.mark.slow
def test_the_service_starts_without_the_blog(tmp_path):
    for package in ("telemetry", "service"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.rmtree(tmp_path / "service" / "blog")
    bootstrap = tmp_path / "service" / "bootstrap.py"
    lines = bootstrap.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "blog_room" not in line]
    assert len(lines) - len(kept) == 2  # the import and the line that builds the room
    bootstrap.write_text("".join(kept), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_BLOG],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["links"] == ["docs", "health", "liveness", "openapi", "readiness"]
    assert [path for path in found["paths"] if "blog" in path] == []
    assert "/api/v1/sessions" in found["paths"]
