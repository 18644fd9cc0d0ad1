"""A room can be deleted: its folder and the lines of bootstrap.py that name it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import ROOT

PACKAGES = ("service", "telemetry")
PROBE = """
from gevent import monkey
monkey.patch_all()
import json
from service.bootstrap import build

service = build({"DEPLOYMENT_ENVIRONMENT": "test", "OTEL_TRACES_SAMPLER": "always_off"})
app, client = service.app, service.app.test_client()
service.telemetry.lifecycle.ready()
document, root = client.get("/api/v1/openapi.json"), client.get("/")
operations = [one for item in document.get_json()["paths"].values() for one in item.values()]
print(json.dumps({
    "statuses": [document.status_code, root.status_code],
    "paths": sorted({rule.rule for rule in app.url_map.iter_rules()}),
    "tags": [tag["name"] for tag in document.get_json()["tags"]],
    "links": root.get_json()["links"],
    "operations": [one["operationId"] for one in operations],
    "link_targets": [
        link["operationId"]
        for one in operations
        for response in one["responses"].values()
        for link in response.get("links", {}).values()
    ],
}))
service.mongo.close()
service.telemetry.shutdown()
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the packages that the service consists of."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__py*"))
    return tmp_path


def delete_room(checkout: Path, name: str) -> int:
    """Delete a room's folder and the lines of bootstrap.py that name it; returns their number."""
    shutil.rmtree(checkout / "service" / name)
    bootstrap = checkout / "service" / "bootstrap.py"
    lines = bootstrap.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if name not in line]
    bootstrap.write_text("".join(kept), encoding="utf-8")
    return len(lines) - len(kept)


def probe(checkout: Path) -> dict[str, Any]:
    """Build the service of a checkout in a process of its own, and send two requests."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def blog_paths(found: dict[str, Any]) -> list[str]:
    return [path for path in found["paths"] if "/blog/" in path]


@pytest.mark.slow
def test_service_without_the_blog_serves_the_other_rooms(checkout):
    with_blog = probe(checkout)
    assert delete_room(checkout, "blog") == 2  # the import and the line that builds the room
    without_blog = probe(checkout)

    assert with_blog["statuses"] == without_blog["statuses"] == [200, 200]
    assert (len(blog_paths(with_blog)), blog_paths(without_blog)) == (6, [])
    assert set(with_blog["tags"]) - set(without_blog["tags"]) == {"Blog"}
    assert with_blog["links"].pop("posts") == "/api/v1/blog/posts"
    assert without_blog["links"] == with_blog["links"]
    assert set(without_blog["link_targets"]) <= set(without_blog["operations"])
    others = set(with_blog["paths"]) - set(blog_paths(with_blog))
    assert set(without_blog["paths"]) == others
