"""A host is killed, cut off or frozen: what fails is bounded, and the host comes back by itself.

Only what was in flight on that host may fail; nginx finds another host for the rest. A read is
repeated there, too, so that it does not fail at all.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stack.fleet.fleet import HostFleet
from stack.fleet.load import CLIENTS, STREAMS, UPLOADS, Load, listed
from stack.fleet.rolling import served, wait_served
from stack.fleet.scene import Options, Scene, Seen

_OUT_SECONDS: Final = 2.0
_BEFORE_SECONDS: Final = 2.0
_AWAY_SECONDS: Final = 8.0
_IN_FLIGHT: Final = CLIENTS + STREAMS + UPLOADS
"""Most that a host may have in flight: each client has one request."""
_PROBES: Final = 2
"""Of nginx while a host is away: a request each fail_timeout, 5 s, decides about the next 5 s."""


@dataclass(frozen=True, slots=True)
class _Fault:
    name: str
    asked: str
    begin: Callable[[HostFleet, str], None]
    end: Callable[[HostFleet, str], None]


def _run(fault: _Fault, fleet: HostFleet) -> Seen:
    host = fleet.api_hosts[1]
    with Load(fleet.edge, pause_seconds=0.01) as load:
        wait_served(fleet, host)
        time.sleep(_BEFORE_SECONDS)
        began = time.monotonic()
        fault.begin(fleet, host)
        time.sleep(_AWAY_SECONDS)
        ended = time.monotonic()
        fault.end(fleet, host)
        fleet.wait_api(host)
        back = wait_served(fleet, host, beyond=served(fleet, host))
        time.sleep(_BEFORE_SECONDS)
        done = time.monotonic()
    return _seen(load, began, ended, done, back)


def _seen(load: Load, began: float, ended: float, done: float, back: float) -> Seen:
    after = began + _OUT_SECONDS
    early = [one for one in load.failures if one.began < after]
    late = [one for one in load.failures if after <= one.began < ended]
    last = [one for one in load.failures if one.began >= ended]
    slow = [one for one in load.slow if after <= one.began < ended]
    reads = [one for one in load.failures if one.what.startswith("GET")]
    passed = (
        len(early) <= _IN_FLIGHT
        and len(late) + len(slow) <= _PROBES
        and not last
        and not reads
        and load.short_done > 0
    )
    return Seen(
        f"{len(early)} failed of {_IN_FLIGHT} in flight at most{listed(early)}, no read among "
        f"them; from 2 s on {len(late)} failed and {len(slow)} slow (nginx asks the host every "
        f"5 s); {len(last)} failed after its return, served again after {back:.1f} s; "
        f"{load.short_done:,} requests in {done - began:.0f} s",
        passed,
    )


def _kill(fleet: HostFleet, host: str) -> None:
    fleet.hosts[host].kill("service")


def _scene(fault: _Fault) -> Scene:
    def run(fleet: HostFleet, _: Options) -> Seen:
        return _run(fault, fleet)

    return Scene(fault.name, fault.asked, run)


_ASKED: Final = (
    "errors bounded to its in-flight requests, out of rotation within 2 s, back by itself"
)
SCENES: Final = tuple(
    _scene(_Fault(name, f"a host {asked}: {_ASKED}", begin, end))
    for name, asked, begin, end in (
        ("killed", "killed", _kill, lambda fleet, host: fleet.start_api(host)),
        (
            "cut-off",
            "cut off, no reset",
            lambda fleet, host: fleet.network.cut_off(host),
            lambda fleet, host: fleet.network.reconnect(host),
        ),
        (
            "frozen",
            "frozen",
            lambda fleet, host: fleet.hosts[host].freeze(),
            lambda fleet, host: fleet.hosts[host].thaw(),
        ),
    )
)
