"""What the README shows works as it is written."""

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

from stack import paths
from tests.e2e.observing import Scrape, trace, wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

README = (paths.ROOT / "README.md").read_text()


def block(after: str) -> str:
    """The first fenced block after a text."""
    found = re.search(r"```\w*\n(.*?)```", README.split(after, 1)[1], re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def shop(stack, own_stack, tmp_path):
    """The other service of the README, beside the shared backends; on other ports than the
    README's, which may be taken.
    """
    (tmp_path / "shop.py").write_text(
        block("`shop.py`, whole:").replace("27017", str(stack.port("mongodb")))
    )
    (tmp_path / "gunicorn.conf.py").write_text(block("`gunicorn.conf.py`:"))
    command = block("graceful_timeout = 50\n```").split()
    assert command == ["OTEL_SERVICE_NAME=shop", "gunicorn", "shop:app"]
    environment = os.environ | {
        "OTEL_SERVICE_NAME": "shop",
        "PYTHONPATH": str(paths.ROOT),
        "OTEL_EXPORTER_OTLP_ENDPOINT": stack.url("collector"),
        "TELEMETRY_MANAGEMENT_PORT": str(own_stack.port("service", "management")),
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{own_stack.port('service')}",
    }
    gunicorn = Path(sys.executable).with_name("gunicorn")
    with (tmp_path / "shop.log").open("wb") as log:
        process = subprocess.Popen(
            [gunicorn, "shop:app"], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
    try:
        wait_for(
            lambda: process.poll() is None and answers(own_stack.url("service")),
            PATIENCE_SECONDS,
            "the shop",
        )
        yield own_stack
    finally:
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


def answers(url):
    try:
        return requests.get(f"{url}/items/none", timeout=60).status_code == 404
    except requests.ConnectionError:
        return False


def test_another_service_installs_the_layer(stack, shop):
    answer = requests.get(f"{shop.url('service')}/items/tea", timeout=60)
    assert (answer.status_code, answer.json()) == (404, {"error": "no such item"})
    server, database = trace(
        stack.url("tempo"), uuid.UUID(answer.headers["X-Request-ID"]).hex, spans=2
    )
    assert (server.name, server.resource["service.name"]) == ("GET /items/<name>", "shop")
    assert (
        database.attributes["db.operation.name"],
        database.attributes["db.collection.name"],
    ) == ("find", "items")
    management = f"http://127.0.0.1:{shop.port('service', 'management')}"
    assert (
        Scrape(management).total(
            "http_server_request_duration_seconds_count", http_route="/items/<name>"
        )
        >= 2
    )
    assert wait_for(
        lambda: requests.get(f"{management}/health/readiness", timeout=60).status_code == 200,
        PATIENCE_SECONDS,
        "ready",
    )


def test_a_members_day_goes_well_as_it_is_written(stack):
    day = (
        block("## A member's day")
        .replace("http://127.0.0.1:8000", stack.url("service"))
        .replace("ada@", f"ada-{uuid.uuid4().hex}@")
    )
    done = subprocess.run(
        ["bash", "-eu"], input=day, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r'"role": ?"member"', done.stdout)
    assert re.search(r'"status": ?"paid"', done.stdout)
    assert "BEGIN:VEVENT" in done.stdout
    assert re.search(r'"content_type": ?"text/plain"', done.stdout)
    assert re.findall(r"^event: (\w+)", done.stdout, re.MULTILINE)[-1] == "done"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http|#)[^)]+)\)", README))))
def test_link_leads_somewhere(link):
    assert (paths.ROOT / link.partition("#")[0]).exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\./serene (\w+)", README))))
def test_command_exists(command):
    shown = subprocess.run(
        [paths.ROOT / "serene", command, "--help"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, shown.stderr) == (0, "")
