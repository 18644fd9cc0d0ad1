"""The examples, commands and links of the README work as written."""

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests

from stack import paths
from tests.e2e.metrics import Scrape
from tests.e2e.polling import poll
from tests.e2e.traces import trace_id_of, wait_for_trace
from tests.support.polling import TIMEOUT_SECONDS

pytestmark = pytest.mark.e2e

README = (paths.ROOT / "README.md").read_text()


def block(after: str) -> str:
    """Return the first fenced block after a text."""
    found = re.search(r"```\w*\n(.*?)```", README.split(after, 1)[1], re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def shop(stack, own_stack, tmp_path):
    """The README's second service, with the shared backends and on free ports instead of the
    README's.
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
        poll(
            lambda: process.poll() is None and has_no_item(own_stack.url("service")),
            what="the shop",
        )
        yield own_stack
    finally:
        process.terminate()
        assert process.wait(TIMEOUT_SECONDS) == 0


def has_no_item(url):
    return requests.get(f"{url}/items/none", timeout=60).status_code == 404


def test_second_service_uses_the_layer(stack, shop):
    response = requests.get(f"{shop.url('service')}/items/tea", timeout=60)
    assert (response.status_code, response.json()) == (404, {"error": "no such item"})
    server, database = wait_for_trace(
        stack.url("tempo"), trace_id_of(response.headers["X-Request-ID"]), spans=2
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
    assert poll(
        lambda: requests.get(f"{management}/health/readiness", timeout=60).status_code == 200,
        what="ready",
    )


def test_members_day_works_as_written(stack):
    day = (
        block("## A member's day")
        .replace("http://127.0.0.1:8000", stack.url("service"))
        .replace("ada@", f"ada-{uuid.uuid4().hex}@")
    )
    done = subprocess.run(
        ["bash", "-eu"], input=day, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r'"message": ?"Log in with this e-mail', done.stdout)
    assert re.search(r'"status": ?"paid"', done.stdout)
    assert "BEGIN:VEVENT" in done.stdout
    assert re.search(r'"content_type": ?"text/plain"', done.stdout)
    assert re.findall(r"^event: (\w+)", done.stdout, re.MULTILINE)[-1] == "done"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http|#)[^)]+)\)", README))))
def test_link_target_exists(link):
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
