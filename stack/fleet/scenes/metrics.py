"""Metrics and boards keep hosts apart, and Prometheus finds hosts by itself."""

from stack.errors import StackError
from stack.fleet import boards
from stack.fleet.fleet import HostFleet
from stack.fleet.metrics import instances, query
from stack.fleet.parts import WORKERS
from stack.fleet.scene import Options, Scene, Seen

_UP = 'up{job="serene"} == 1'
_READY = "Instances ready"
_SECONDS = 40.0


def run(fleet: HostFleet, _: Options) -> Seen:
    """Query every board, for all hosts and for one, and let a host go and come back."""
    every = {f"{host}/{slot}" for host in fleet.api_hosts for slot in range(WORKERS)}
    found = fleet.wait_until(lambda: instances(fleet, _UP) == every, _SECONDS)
    named = [names for _title, names in _named(fleet) if names]
    hosts = {name.partition("/")[0] for names in named for name in names}
    apart = sum(names == every for names in named)
    ready = fleet.wait_until(
        lambda: (_ready(fleet, ".*"), _ready(fleet, f"{fleet.api_hosts[1]}/.*")) == (6, 2), _SECONDS
    )
    leaving = fleet.api_hosts[2]
    remaining = {name for name in every if not name.startswith(leaving)}
    fleet.stop_api(leaving)
    gone = fleet.wait_until(lambda: instances(fleet, 'up{job="serene"}') == remaining, _SECONDS)
    fleet.start_api(leaving)
    fleet.wait_api(leaving)
    back = fleet.wait_until(lambda: instances(fleet, _UP) == every, _SECONDS)
    passed = None not in (found, ready, gone, back)
    return Seen(
        f"{len(every)} instances found by files; {len(named)} queries of boards name instances, "
        f"{apart} of them all {len(every)}, none another; ready: 6 of all, 2 of one host; a host "
        f"that left is no target after {gone or 0:.0f} s, one that came is after {back or 0:.0f} s",
        passed and apart > 0 and hosts == set(fleet.api_hosts),
    )


def _named(fleet: HostFleet) -> list[tuple[str, set[str]]]:
    """Return the instances that each query of the boards names."""
    found = []
    for title, expression in boards.queries():
        try:
            found.append((title, instances(fleet, expression) - {""}))
        except StackError as error:
            raise StackError(f"the query of the panel {title!r} failed: {error}") from None
    return found


def _ready(fleet: HostFleet, instance: str) -> float:
    """Return how many instances the boards show as ready."""
    expression = next(text for title, text in boards.queries(instance) if title == _READY)
    found = query(fleet, expression)
    return float(found[0]["value"][1]) if found else 0.0


SCENE = Scene("metrics", "metrics and boards keep hosts apart; targets found by discovery", run)
