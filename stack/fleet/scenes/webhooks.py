"""A webhook that is delivered to several hosts at once is handled once."""

from collections import Counter
from contextlib import closing
from functools import partial

from stack.fleet.at_once import at_once
from stack.fleet.client import API, Client
from stack.fleet.fleet import HostFleet
from stack.fleet.metrics import total
from stack.fleet.parts import WEBHOOK_SECRET
from stack.fleet.scene import Options, Scene, Seen
from stack.payment_events import new_event, signed_headers

_EVENTS = 20
_HANDLED = "handled"


def run(fleet: HostFleet, _: Options) -> Seen:
    """Deliver each event to two hosts at once, and once more to the third."""
    one, two, three = fleet.api_hosts
    before = _results(fleet)
    statuses: Counter[int] = Counter()
    for _number in range(_EVENTS):
        event = new_event()
        statuses.update(at_once([partial(_deliver, fleet, host, event) for host in (one, two)]))
        statuses[_deliver(fleet, three, event)] += 1
    results = {what: count - before[what] for what, count in _results(fleet).items()}
    passed = (
        set(statuses) <= {200, 409}
        and statuses[200] >= 2 * _EVENTS
        and results[_HANDLED] == _EVENTS
    )
    counts = ", ".join(f"{count:.0f} {what}" for what, count in results.items() if count)
    return Seen(
        f"{_EVENTS} events, each to two hosts at once and to the third later: {counts}; "
        f"statuses {dict(sorted(statuses.items()))}",
        passed,
    )


def _deliver(fleet: HostFleet, host: str, event: bytes) -> int:
    headers = signed_headers(event, WEBHOOK_SECRET)
    with closing(Client(f"{fleet.address(host)}:8000", headers=headers)) as client:
        return client.send("POST", f"{API}/payments/webhook", event).status


def _results(fleet: HostFleet) -> dict[str, float]:
    names = (_HANDLED, "replayed", "busy", "ignored", "refused", "failed")
    return {
        name: sum(
            total(fleet, host, "serene_payment_events_total", f'result="{name}"')
            for host in fleet.api_hosts
        )
        for name in names
    }


SCENE = Scene("webhooks", "a webhook delivered to two hosts at once is handled once", run)
