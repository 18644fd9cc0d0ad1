"""Metrics of the hosts: as each worker exposes them, and as Prometheus has them."""

import http.client
import re
from contextlib import closing
from typing import Any, Final
from urllib.parse import quote, urlsplit

from stack.errors import StackError
from stack.fleet.client import Client, get_json
from stack.fleet.fleet import HostFleet

_SAMPLE: Final = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)", re.MULTILINE)


def total(fleet: HostFleet, host: str, name: str, labels: str = "") -> float:
    """Return the sum of a metric over the workers of a host; those that do not answer have none.

    Args:
        fleet: Has the host.
        host: Its name.
        name: Of the sample.
        labels: Text that its labels contain.
    """
    return sum(_values(url, name, labels) for url in fleet.management_urls(host))


def _values(url: str, name: str, labels: str) -> float:
    with closing(Client(urlsplit(url).netloc, seconds=2.0)) as client:
        try:
            text = client.send("GET", "/metrics").body.decode()
        except (OSError, http.client.HTTPException):
            return 0.0
    return sum(
        float(found["value"])
        for found in _SAMPLE.finditer(text)
        if found["name"] == name and labels in (found["labels"] or "")
    )


def query(fleet: HostFleet, expression: str) -> list[dict[str, Any]]:
    """Return what an instant query finds. Raises: StackError when it fails."""
    answer = get_json(f"{fleet.prometheus_url}/api/v1/query?query={quote(expression)}")
    if answer["status"] != "success":
        raise StackError(f"{expression} failed: {answer}")
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def instances(fleet: HostFleet, expression: str) -> set[str]:
    """Return the instances of what a query finds."""
    return {found["metric"].get("service_instance_id", "") for found in query(fleet, expression)}
