"""Traces are whole through two services and a pair of gateways, also when a gateway dies."""

import http.client
import time
from contextlib import closing
from urllib.parse import urlsplit

from stack.fleet.client import Client
from stack.fleet.fleet import HostFleet
from stack.fleet.metrics import query
from stack.fleet.parts import CALLER_HOST, GATEWAY_HOSTS
from stack.fleet.scene import Options, Scene, Seen
from stack.fleet.tempo import instances, is_whole, spans

_REQUESTS = 200
_SECONDS = 8.0
_WHOLE_SECONDS = 60.0
_SERVICES = (CALLER_HOST, "serene")
# Server and client span of the caller, server span of the API, and its database's.
_LEAST_SPANS = 4


def run_whole(fleet: HostFleet, _: Options) -> Seen:
    """Send requests to the second service, which calls the API."""
    traces = _requests(fleet)
    whole, named = _whole(fleet, traces)
    shares = fleet.wait_until(lambda: len(_accepted(fleet)) == len(GATEWAY_HOSTS), _WHOLE_SECONDS)
    accepted = ", ".join(f"{host} {count:.0f}" for host, count in _accepted(fleet).items())
    return Seen(
        f"{whole} of {len(traces)} traces whole, through {len(named)} instances of the API; "
        f"spans accepted: {accepted}",
        whole == len(traces) == _REQUESTS and shares is not None,
    )


def run_killed(fleet: HostFleet, _: Options) -> Seen:
    """Kill a gateway in the middle of the same requests."""
    dying = GATEWAY_HOSTS[0]
    traces = _requests(fleet, kill=dying)
    moved = fleet.wait_until(lambda: fleet.address(dying) not in fleet.gateways.up, _SECONDS)
    whole, _instances = _whole(fleet, traces)
    fleet.restart_part(dying, "gateway")
    back = fleet.wait_until(lambda: len(fleet.gateways.up) == len(GATEWAY_HOSTS), _WHOLE_SECONDS)
    return Seen(
        f"{dying} killed in the middle: {whole} of {len(traces)} traces whole; its name is gone"
        " after that, and there again after its restart",
        whole == len(traces) == _REQUESTS and moved is not None and back is not None,
    )


def _requests(fleet: HostFleet, kill: str = "") -> list[str]:
    """Send requests over some seconds; return the ids of their traces."""
    traces = []
    with closing(Client(urlsplit(fleet.caller_url).netloc)) as client:
        for number in range(_REQUESTS):
            if kill and number == _REQUESTS // 2:
                fleet.hosts[kill].kill("gateway")
            answer = client.send("GET", "/posts")
            if answer.status == http.client.OK:
                traces.append(answer.headers["X-Request-ID"].replace("-", ""))
            time.sleep(_SECONDS / _REQUESTS)
    return traces


def _whole(fleet: HostFleet, traces: list[str]) -> tuple[int, set[str]]:
    """Wait until the traces are whole; return how many are, and the API's instances in them."""
    left, named = set(traces), set[str]()
    deadline = time.monotonic() + _WHOLE_SECONDS
    while left and time.monotonic() < deadline:
        for trace in sorted(left):
            found = spans(fleet, trace)
            if len(found) >= _LEAST_SPANS and is_whole(found, _SERVICES):
                left.discard(trace)
                named |= instances(found, "serene")
        time.sleep(0.5)
    return len(traces) - len(left), named


def _accepted(fleet: HostFleet) -> dict[str, float]:
    """Return how many spans each gateway has accepted, by its name in its own metrics."""
    found = query(fleet, 'sum by (instance) (otelcol_receiver_accepted_spans{role="gateway"}) > 0')
    return {one["metric"]["instance"].partition(":")[0]: float(one["value"][1]) for one in found}


WHOLE = Scene("traces", "traces whole through two services and the gateway pair", run_whole)
KILLED = Scene("gateway-killed", "traces whole also when a gateway dies", run_killed)
