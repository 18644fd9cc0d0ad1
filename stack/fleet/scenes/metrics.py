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
    # Rates need two scrapes of every instance.
    apart = fleet.wait_until(lambda: _are_apart(_named(fleet), every), _SECONDS)
    named = _named(fleet)
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
    return Seen(
        f"{len(every)} instances found by files; {len(named)} queries of boards name instances, "
        f"{named.count(every)} of them all {len(every)}, none another; ready: 6 of all, 2 of one "
        f"host; a host that left is no target after {gone or 0:.0f} s, one that came is after "
        f"{back or 0:.0f} s",
        None not in (found, apart, ready, gone, back),
    )


def _named(fleet: HostFleet) -> list[set[str]]:
    """Return the instances that each query of the boards names, of those that name any."""
    found = []
    for title, expression in boards.queries():
        try:
            found.append(instances(fleet, expression) - {""})
        except StackError as error:
            raise StackError(f"the query of the panel {title!r} failed: {error}") from None
    return [names for names in found if names]


def _are_apart(named: list[set[str]], every: set[str]) -> bool:
    """Return whether a query names every instance, and none names another host."""
    return every in named and _hosts(set[str]().union(*named)) == _hosts(every)


def _hosts(names: set[str]) -> set[str]:
    return {name.partition("/")[0] for name in names}


def _ready(fleet: HostFleet, instance: str) -> float:
    """Return how many instances the boards show as ready."""
    expression = next(text for title, text in boards.queries(instance) if title == _READY)
    found = query(fleet, expression)
    return float(found[0]["value"][1]) if found else 0.0


SCENE = Scene("metrics", "metrics and boards keep hosts apart; targets found by discovery", run)
