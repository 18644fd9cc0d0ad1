"""The stack of the drill: everything, under demo traffic, with rules at short windows.

All windows, waiting times and intervals of the rules are divided by ``TIME_SCALE``; objectives and
thresholds stay as they are.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from dashboards import alerts, telemetry_lost
from dashboards.time_scale import TimeScale, in_seconds
from stack import paths
from stack.backends import DEFAULT_NAMES
from stack.runner import Stack
from tests.e2e.faults.sick import SickInstance
from tests.e2e.faults.traffic import booked_session, busy_members
from tests.e2e.polling import poll
from tests.support.ports import stack_offset

TIME_SCALE = 20.0
WORKERS = 2
SCRAPE = "1s"
"""A minute is three seconds: three scrapes."""
EVALUATION = "2s"

ENVIRONMENT: Mapping[str, Mapping[str, str]] = {
    "service": {
        "HEALTH_INTERVAL_SECONDS": "2",
        # What is bounded by time or number, so that a fault shows within seconds.
        "REQUEST_HEAD_SECONDS": "3",
        "CONNECTIONS_PER_ADDRESS": "60",
        "REDIS_RETRY_SECONDS": "1",
        "BOOKING_RECOVERY_SECONDS": "1",
        "STRIPE_TIMEOUT_SECONDS": "2",
        "STRIPE_CALL_SECONDS": "5",
    },
    "collector": {"SCRAPE_INTERVAL": SCRAPE},
}


@dataclass(frozen=True)
class Stand:
    """What the drill works with.

    Args:
        stack: Everything, with two workers.
        sick: One more instance, which runs as they do.
        booking: Id of a booking that nobody pays.
    """

    stack: Stack
    sick: SickInstance
    booking: str


@contextmanager
def drill_stand(directory: Path) -> Iterator[Stand]:
    """Yield the stand; it is up, and has traffic."""
    deploy = directory / "deploy"
    write_rules(deploy)
    with (
        stack_offset() as offset,
        Stack(offset, directory / "stack", workers=WORKERS, deploy=deploy) as stack,
    ):
        sick = SickInstance(stack, ENVIRONMENT["service"])
        for name in DEFAULT_NAMES:
            scraped = sick.collector_settings() if name == "collector" else {}
            stack.start(name, env={**ENVIRONMENT.get(name, {}), **scraped})
        for name in DEFAULT_NAMES:
            stack.wait_ready(name, seconds=240)
        stack.seed("service")
        sick.put_proxy_before_database()
        sick.start()
        try:
            booking = booked_session(stack.url("service"))
            with demo_traffic(stack), busy_members(stack.url("service")):
                yield Stand(stack, sick, booking)
        finally:
            sick.stop()


def write_rules(folder: Path) -> None:
    """Write the rules at short windows; evaluated every two seconds, which is often enough.

    Those of lost telemetry count each step once, so their step is the interval.
    """
    alerts.write(folder, TimeScale(TIME_SCALE))
    lost = folder / "rules" / "telemetry_lost.yml"
    factor = in_seconds(telemetry_lost.STEP) / in_seconds(EVALUATION)
    lost.write_text(telemetry_lost.to_yaml(TimeScale(factor)), encoding="utf-8")
    for file in sorted((folder / "rules").glob("*.yml")):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for group in document["groups"]:
            group["interval"] = EVALUATION
        file.write_text(yaml.safe_dump(document, sort_keys=False, width=1000), encoding="utf-8")


@contextmanager
def demo_traffic(stack: Stack) -> Iterator[None]:
    """The traffic of ``./serene load``, slowly."""
    command = [
        *(sys.executable, "-m", "stack.cli", "load", "--port-offset", str(stack.offset)),
        *("--rate", "6", "--users", "4", "--duration", "3600"),
    ]
    with subprocess.Popen(
        command, cwd=paths.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as load:
        try:
            yield
        finally:
            load.terminate()


def firing(stack: Stack) -> list[dict[str, Any]]:
    """Return the labels of every alert that fires now, by Prometheus."""
    response = requests.get(f"{stack.url('prometheus')}/api/v1/alerts", timeout=60)
    response.raise_for_status()
    found = response.json()["data"]["alerts"]
    return [alert["labels"] for alert in found if alert["state"] == "firing"]


def notified(stack: Stack) -> list[dict[str, Any]]:
    """Return every alert that Alertmanager has sent, with its status, oldest first."""
    response = requests.get(stack.url("notifications"), timeout=60)
    response.raise_for_status()
    lines = [json.loads(line) for line in response.text.splitlines()]
    return [alert for line in lines for alert in line["alerts"]]


def wait_for_metrics(stack: Stack) -> None:
    """Wait until Prometheus has the metrics of every worker, and of the sick instance."""

    def complete() -> bool:
        response = requests.get(
            f"{stack.url('prometheus')}/api/v1/query",
            params={"query": 'count(up{service_name!=""} == 1)'},
            timeout=60,
        )
        result = response.json()["data"]["result"]
        return bool(result) and result[0]["value"][1] == str(WORKERS + 1)

    poll(complete, timeout_seconds=60, what="metrics of every worker")
