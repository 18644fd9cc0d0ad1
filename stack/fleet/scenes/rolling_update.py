"""A rolling update of every host under load loses no request, stream or upload."""

import time
from collections import Counter

from stack.fleet.fleet import HostFleet
from stack.fleet.load import Load
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
    failed = Counter(f"{one.what}: {one.how}" for one in load.failures)
    statuses = {one.exit_status for one in replaced}
    counts = f"{load.done['stream']} streams and {load.done['upload']} uploads"
    return Seen(
        f"{sum(failed.values())} failed of {load.short_done:,} requests, {counts}, while "
        f"{len(replaced)} hosts were replaced{_listed(failed)}; exit statuses {sorted(statuses)}",
        not failed and load.short_done >= options.requests and statuses == {0},
    )


def _listed(failed: Counter[str]) -> str:
    if not failed:
        return ""
    return " (" + ", ".join(f"{count} {what}" for what, count in failed.most_common(5)) + ")"


SCENE = Scene("rolling-update", "every host updated in turn under load, 0 failed", run)
