"""A rate limit holds over all hosts by Redis, and holds in each worker without it."""

import http.client
from collections import Counter
from contextlib import closing

from stack.fleet.client import API, Client, member_headers
from stack.fleet.fleet import HostFleet
from stack.fleet.network import OTHER_CLIENT
from stack.fleet.parts import DATA_HOST, LIMIT_A_MINUTE, WORKERS
from stack.fleet.scene import Options, Scene, Seen

_RETRY_SECONDS = 2.0
"""For which a worker counts by itself after Redis did not answer: REDIS_RETRY_SECONDS."""


def run(fleet: HostFleet, _: Options) -> Seen:
    """Send more than the limit through nginx, with Redis and without it."""
    together = _counted(fleet, 2 * LIMIT_A_MINUTE)
    fleet.hosts[DATA_HOST].kill("redis")
    most = LIMIT_A_MINUTE * WORKERS * len(fleet.api_hosts)
    try:
        without = _counted(fleet, 2 * most)
    finally:
        fleet.restart_part(DATA_HOST, "redis")
    back = fleet.wait_until(lambda: _counts_together(fleet), 20 * _RETRY_SECONDS)
    passed = (
        together == {200: LIMIT_A_MINUTE, 429: LIMIT_A_MINUTE}
        and set(without) == {200, 429}
        and without[200] <= most
        and back is not None
    )
    return Seen(
        f"with Redis {together[200]} of {LIMIT_A_MINUTE} allowed over three hosts, then "
        f"{together[429]} times 429; without it {without[200]} (at most {most}, each worker counts "
        f"for itself), no other status; together again {back or 0:.1f} s after its return",
        passed,
    )


def _counts_together(fleet: HostFleet) -> bool:
    found = _counted(fleet, LIMIT_A_MINUTE + 10)
    return found == {200: LIMIT_A_MINUTE, 429: 10}


def _counted(fleet: HostFleet, requests: int) -> Counter[int]:
    """Return the statuses of a new member's requests."""
    headers = member_headers(fleet.edge)
    source = fleet.network.client_address(OTHER_CLIENT)
    found: Counter[int] = Counter()
    with closing(Client(fleet.edge, source=source, headers=headers)) as client:
        for _ in range(requests):
            try:
                found[client.send("GET", f"{API}/auth/me").status] += 1
            except (OSError, http.client.HTTPException):
                found[0] += 1
    return found


SCENE = Scene("rate-limits", "rate limits hold over all hosts, and with Redis gone", run)
