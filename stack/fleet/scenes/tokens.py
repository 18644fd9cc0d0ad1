"""A token that one host issued is good on every host."""

from contextlib import closing

from stack.fleet.client import API, Client, member_headers
from stack.fleet.fleet import HostFleet
from stack.fleet.scene import Options, Scene, Seen


def run(fleet: HostFleet, _: Options) -> Seen:
    """Log in at each host, and use each token at each host."""
    statuses = []
    for issuer in fleet.api_hosts:
        headers = member_headers(f"{fleet.address(issuer)}:8000")
        for host in fleet.api_hosts:
            with closing(Client(f"{fleet.address(host)}:8000", headers=headers)) as client:
                statuses.append(client.send("GET", f"{API}/auth/me").status)
    good = statuses.count(200)
    pairs = len(fleet.api_hosts) ** 2
    return Seen(f"{good} of {pairs} pairs of issuer and host answer 200", good == pairs)


SCENE = Scene("tokens", "a token of one host is good on all", run)
