"""A rolling update: each host is stopped and started while the others serve."""

from dataclasses import dataclass
from typing import Final

from stack.errors import StackError
from stack.fleet.fleet import HostFleet
from stack.fleet.metrics import total

_SERVES_SECONDS: Final = 30.0
_REQUESTS: Final = "http_server_request_duration_seconds_count"


@dataclass(frozen=True, slots=True)
class Replaced:
    """A host that was replaced.

    Args:
        host: Its name.
        exit_status: Of the old one.
    """

    host: str
    exit_status: int


def replace(fleet: HostFleet, host: str) -> Replaced:
    """Stop the API of a host, start it again, and wait until nginx sends it requests.

    The next host may not stop before: with one away and one not found again, one would serve all.

    Raises:
        StackError: It does not become ready, or gets no requests.
    """
    status = fleet.stop_api(host)
    fleet.start_api(host)
    fleet.wait_api(host)
    wait_served(fleet, host)
    return Replaced(host, status)


def wait_served(fleet: HostFleet, host: str, beyond: float = 0.0) -> float:
    """Wait until a host serves requests of the load; returns the seconds.

    Args:
        fleet: Has the host.
        host: Its name.
        beyond: Number of requests that it had served before.

    Raises:
        StackError: It gets none.
    """
    seconds = fleet.wait_until(lambda: served(fleet, host) > beyond, _SERVES_SECONDS)
    if seconds is None:
        raise StackError(f"{host} is ready and gets no requests from nginx")
    return seconds


def served(fleet: HostFleet, host: str) -> float:
    """Return how many requests of the load a host has served since its start."""
    return total(fleet, host, _REQUESTS, 'http_route="/api/v1/')
