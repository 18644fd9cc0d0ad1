"""One slot is sold once, however many members book it at however many hosts."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial

from stack.errors import StackError
from stack.fleet.at_once import at_once
from stack.fleet.client import API, Client, member_headers
from stack.fleet.fleet import HostFleet
from stack.fleet.scene import Options, Scene, Seen

_MEMBERS = 12
_ROUNDS = 5


def run(fleet: HostFleet, _: Options) -> Seen:
    """Let members book the same slot at the same moment, several times."""
    members = [member_headers(fleet.edge) for _ in range(_MEMBERS)]
    slots = free_slots(fleet, _ROUNDS)
    sold: Counter[int] = Counter()
    for slot in slots:
        jobs: list[Callable[[], int]] = [
            partial(_book, fleet, fleet.api_hosts[at % len(fleet.api_hosts)], headers, slot)
            for at, headers in enumerate(members)
        ]
        sold.update(at_once(jobs))
    once = sold == {201: _ROUNDS, 409: _ROUNDS * (_MEMBERS - 1)}
    return Seen(
        f"{_ROUNDS} slots, each booked by {_MEMBERS} members at once at three hosts: "
        f"{sold[201]} times 201, {sold[409]} times 409, {sum(sold.values())} answers",
        once,
    )


def free_slots(fleet: HostFleet, number: int) -> list[dict[str, str]]:
    """Return free slots of therapists. Raises: StackError when there are fewer."""
    found: list[dict[str, str]] = []
    with closing(Client(fleet.edge, headers=member_headers(fleet.edge))) as client:
        for therapist in client.send("GET", f"{API}/therapists").json["therapists"]:
            path = f"{API}/therapists/{therapist['id']}/slots"
            found += [
                {"therapist_id": therapist["id"], "starts_at": slot["starts_at"]}
                for slot in client.send("GET", path).json["slots"]
            ]
    if len(found) < number:
        raise StackError(f"the demo data has {len(found)} free slots, {number} are needed")
    return found[:number]


def _book(fleet: HostFleet, host: str, headers: dict[str, str], slot: dict[str, str]) -> int:
    with closing(Client(f"{fleet.address(host)}:8000", headers=headers)) as client:
        return client.send("POST", f"{API}/sessions", slot).status


SCENE = Scene("slots", "one slot is sold once over three hosts", run)
