"""One cause pages once: a database that ends, from the rules to one line of the file.

On a stack of its own with rules 20 times as fast; what each alert needs is in tests/dashboards.
"""

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests

from dashboards import alerts
from dashboards.time_scale import TimeScale
from stack import paths
from stack.runner import Stack
from tests.e2e.conftest import QUICK
from tests.e2e.metrics import query
from tests.e2e.polling import poll
from tests.support.ports import stack_offset

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TIME_SCALE = 20
NAMES = ("mongodb", "notifications", "alertmanager", "prometheus", "collector", "service")
ENVIRONMENT = {"service": QUICK, "collector": {"SCRAPE_INTERVAL": "1s"}}
CAUSE = "DatabaseUnavailable"
EFFECTS = "(Availability|Latency)Burn(Fast|Slow)|DatabasePool.+|EvidenceStale|DatabaseSlow"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("alerting")
    alerts.write(directory / "deploy", TimeScale(TIME_SCALE))
    with (
        stack_offset() as offset,
        Stack(offset, directory / "stack", deploy=directory / "deploy") as stack,
    ):
        for name in NAMES:
            stack.start(name, env=ENVIRONMENT.get(name))
        for name in NAMES:
            stack.wait_ready(name, seconds=240)
        yield stack


@pytest.fixture
def readers(stack: Stack) -> Iterator[None]:
    """A client that reads the blog, ten times a second at most."""
    done = Event()

    def read() -> None:
        while not done.wait(0.1):
            requests.get(f"{stack.url('service')}/api/v1/blog/posts", timeout=60)

    thread = Thread(target=read)
    thread.start()
    yield
    done.set()
    thread.join()


def notifications(stack: Stack) -> list[dict[str, Any]]:
    lines = requests.get(stack.url("notifications"), timeout=60).text.splitlines()
    return [json.loads(line) for line in lines]


def sent(stack: Stack, status: str) -> set[str]:
    """Return the names of alerts that a notification has with that status."""
    alerted = [alert for one in notifications(stack) for alert in one["alerts"]]
    return {alert["labels"]["alertname"] for alert in alerted if alert["status"] == status}


def inhibited(stack: Stack) -> set[str]:
    """Return the names of alerts that fire and are held back."""
    found = requests.get(f"{stack.url('alertmanager')}/api/v2/alerts", timeout=60).json()
    return {one["labels"]["alertname"] for one in found if one["status"]["inhibitedBy"]}


@pytest.mark.usefixtures("readers")
def test_dead_database_pages_once_and_its_effects_are_held_back(stack: Stack) -> None:
    requests_seen = "sum(serene:http_requests:rate5m) > 0"
    poll(lambda: query(stack.url("prometheus"), requests_seen), what="recorded requests")

    stack.stop("mongodb", signal.SIGKILL)
    poll(lambda: CAUSE in sent(stack, "firing"), what="a page")
    poll(
        lambda: any(re.fullmatch(EFFECTS, name) for name in inhibited(stack)),
        what="a burn that is held back",
    )
    stack.start("mongodb")
    stack.wait_ready("mongodb")
    poll(lambda: CAUSE in sent(stack, "resolved"), what="the end of the page")
    # Its windows still remember the outage, and nobody is woken for it.
    burning = 'ALERTS{alertname=~".+BurnFast", alertstate="firing"}'
    poll(
        lambda: not query(stack.url("prometheus"), burning),
        timeout_seconds=240,
        what="windows that have forgotten the outage",
    )

    held_back = {name for name in sent(stack, "firing") if re.fullmatch(EFFECTS, name)}
    assert held_back == set()
    alerted = [alert for one in notifications(stack) for alert in one["alerts"]]
    first = next(alert for alert in alerted if alert["labels"]["alertname"] == CAUSE)
    assert first["labels"]["service_name"] == "serene"
    assert first["annotations"] == {
        "summary": "MongoDB does not answer the workers of serene (development)",
        "description": first["annotations"]["description"],
        "board": (
            "/d/serene-mongodb?from=now-1h&to=now&var-environment=development&var-service=serene"
        ),
        "runbook": "docs/runbooks/database-unavailable.md",
    }


def test_command_of_every_runbook_silences_its_alert(stack: Stack) -> None:
    amtool = stack.builder.directory(stack.backend("alertmanager")) / "amtool"
    address = f"--alertmanager.url={stack.url('alertmanager')}"
    folder = paths.ROOT / "docs/runbooks"
    expected = set()
    for path in sorted(folder.glob("[!R]*.md")):
        (line,) = re.findall(r"(?m)^amtool (silence add .+)$", path.read_text(encoding="utf-8"))
        expected.add(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# "))
        run(amtool, address, *shlex.split(line))
    silences = requests.get(f"{stack.url('alertmanager')}/api/v2/silences", timeout=60).json()
    assert {
        matcher["value"]
        for one in silences
        for matcher in one["matchers"]
        if matcher["name"] == "alertname"
    } == expected
    assert {one["status"]["state"] for one in silences} == {"active"}
    for one in silences:
        run(amtool, address, "silence", "expire", one["id"])
    assert run(amtool, address, "silence", "query", "--quiet").strip() == ""


def run(amtool: Path, *arguments: str) -> str:
    done = subprocess.run(
        [amtool, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
