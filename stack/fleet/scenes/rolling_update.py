"""A rolling update of every host under load loses no request, stream or upload."""

import time

from stack.fleet.fleet import HostFleet
from stack.fleet.load import Load, listed
from stack.fleet.rolling import Replaced, replace
from stack.fleet.scene import Options, Scene, Seen

_END_SECONDS = 1800.0


def run(fleet: HostFleet, options: Options) -> Seen:
    """Replace host after host until every request was sent, and each host once at least."""
    replaced: list[Replaced] = []
    with Load(fleet.edge, requests=options.requests) as load:
        deadline = time.monotonic() + _END_SECONDS
        while load.short_done < options.requests and time.monotonic() < deadline:
            replaced += [replace(fleet, host) for host in fleet.api_hosts]
    statuses = {one.exit_status for one in replaced}
    counts = f"{load.done['stream']} streams and {load.done['upload']} uploads"
    failed = load.failures
    return Seen(
        f"{len(failed)} failed of {load.short_done:,} requests, {counts}, while "
        f"{len(replaced)} hosts were replaced{listed(failed)}; exit statuses {sorted(statuses)}",
        not failed and load.short_done >= options.requests and statuses == {0},
    )


SCENE = Scene("rolling-update", "every host updated in turn under load, 0 failed", run)
