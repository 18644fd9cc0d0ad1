"""An idempotency key counts at every host: work is done once, and all get its response."""

import uuid
from contextlib import closing
from functools import partial

from stack.fleet.at_once import at_once
from stack.fleet.client import API, Client, ClientResponse, member_headers
from stack.fleet.fleet import HostFleet
from stack.fleet.metrics import total
from stack.fleet.scene import Options, Scene, Seen
from stack.fleet.scenes.slots import free_slots


def run(fleet: HostFleet, _: Options) -> Seen:
    """Pay a session with one key at three hosts at once, then again at each."""
    headers = member_headers(fleet.edge)
    (slot,) = free_slots(fleet, 1)
    with closing(Client(fleet.edge, headers=headers)) as client:
        session = client.send("POST", f"{API}/sessions", slot).json["id"]
    key = {"Idempotency-Key": str(uuid.uuid4())}
    before = _payments(fleet)
    pay = partial(_pay, fleet, headers | key, session)
    first = at_once([partial(pay, host) for host in fleet.api_hosts])
    later = [pay(host) for host in fleet.api_hosts]
    taken = _payments(fleet) - before
    answers = {answer.body for answer in (*first, *later) if answer.status == 200}
    passed = (
        {answer.status for answer in first} <= {200, 409}
        and [answer.status for answer in later] == [200] * len(fleet.api_hosts)
        and len(answers) == 1
        and taken == 1
    )
    at_first = sorted(answer.status for answer in first)
    return Seen(
        f"one key at three hosts at once: {at_first} (409 while the first one works); later "
        f"{[answer.status for answer in later]}, {len(answers)} body, {taken:.0f} payment",
        passed,
    )


def _pay(fleet: HostFleet, headers: dict[str, str], session: str, host: str) -> ClientResponse:
    with closing(Client(f"{fleet.address(host)}:8000", headers=headers)) as client:
        body = {"payment_method": "pm_card_visa"}
        return client.send("POST", f"{API}/sessions/{session}/payment", body)


def _payments(fleet: HostFleet) -> float:
    return sum(
        total(fleet, host, "serene_payments_total", 'result="succeeded"')
        for host in fleet.api_hosts
    )


SCENE = Scene("idempotency", "an idempotency key counts over hosts", run)
