"""What the sampling thread reads of a hub."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from telemetry.greenlets import LiveGreenlets, running_request
from telemetry.hub.clocks import Clocks, Usage
from telemetry.hub.code_names import CodeNames
from telemetry.hub.loop_timer import LoopTimer
from telemetry.phases.turns import Turns
from telemetry.requests.record import RequestRecord

Running = Callable[[], tuple[RequestRecord | None, int]]
"""Returns the request that runs, and the ``perf_counter_ns`` since when; 0 where that is not known.
"""


class Accounts(Protocol):
    """What knows which request runs, and when a run or a wait was long; see ``HubPhases``."""

    long_ns: int
    running: RequestRecord | None
    given_ns: int
    turns: Turns
    on_long_run: Callable[[RequestRecord | None, int, int], object] | None
    on_long_wait: Callable[[RequestRecord, int, int], object] | None


@dataclass(frozen=True, slots=True)
class SampledHub:
    """The parts of a hub that samples read, all from any thread.

    Args:
        thread: Identifier of the hub's thread.
        clocks: Of the hub's thread; closed when ``HubSampler.run`` ends.
        timer: The turns of the hub.
        greenlets: The greenlets of the hub, cleaned of ended ones now and then.
        running: What runs.
        names: Of code.
    """

    thread: int
    clocks: Clocks
    timer: LoopTimer
    greenlets: LiveGreenlets
    running: Running
    names: CodeNames


def running_in(in_flight: Callable[[], Iterable[RequestRecord]]) -> Running:
    """Return what finds the request that runs among those in flight.

    Args:
        in_flight: The requests in flight, readable from any thread.
    """
    return lambda: (running_request(in_flight), 0)


@dataclass(slots=True)
class Reading:
    """The hub's clocks at one instant.

    Args:
        usage: The totals of the hub's thread.
        at: ``perf_counter`` seconds.
        turns: Turns of the hub that had ended.
        began: ``perf_counter`` seconds at which the hub's present turn began; 0 while it polls.
    """

    usage: Usage
    at: float
    turns: int
    began: float
