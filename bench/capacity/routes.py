"""What each kind of request of the demo traffic takes, one kind after another."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.capacity.figures import RouteCost
from bench.capacity.processes import Clocks
from bench.capacity.sender import Sent, median, send
from bench.capacity.stand import WEBHOOK_SECRET, Counts, Stand
from bench.capacity.steps import Step, steps

IDLE_SECONDS: Final = 6.0
SETTLE_SECONDS: Final = 1.2
"""Until spans that wait are sent (``TELEMETRY_EXPORT_INTERVAL_SECONDS``), and lines are written."""
DATABASE: Final = ("db", "db_connect")


@dataclass(frozen=True, slots=True)
class Reading:
    """All counters at one moment."""

    at: float
    clocks: Clocks
    counts: Counts
    spans: int
    span_bytes: int
    log_bytes: int

    @classmethod
    def before(cls, stand: Stand) -> "Reading":
        """Read them, the clocks last: a scrape takes processor time of the worker."""
        counts = stand.counts()
        return cls(time.perf_counter(), stand.processes.clocks(), counts, *_sent(stand))

    @classmethod
    def after(cls, stand: Stand) -> "Reading":
        """Read them, the clocks first."""
        at, clocks = time.perf_counter(), stand.processes.clocks()
        return cls(at, clocks, stand.counts(), *_sent(stand))


def _sent(stand: Stand) -> tuple[int, int, int]:
    receiver = stand.receiver
    log_bytes = stand.stack.log_path("service").stat().st_size
    return receiver.spans, sum(receiver.bytes.values()), log_bytes


def idle_clocks(stand: Stand) -> Clocks:
    """Return cores used without a request."""
    before, began = stand.processes.clocks(), time.perf_counter()
    time.sleep(IDLE_SECONDS)
    used, seconds = stand.processes.clocks().since(before), time.perf_counter() - began
    return Clocks(
        *(each / seconds for each in (used.hubs, used.threads, used.database, used.others))
    )


def measure(
    stand: Stand,
    shares: Mapping[str, float],
    members: int,
    idle: Clocks,
    progress: Callable[[str], object],
    settle_seconds: float = SETTLE_SECONDS,
) -> tuple[list[RouteCost], list[Step]]:
    """Send every kind of request, and measure each.

    Args:
        stand: With one worker.
        shares: Of the requests in the demo traffic.
        members: Number of them; each sends the requests that change something once.
        idle: Cores used without a request.
        progress: Is passed a line for each kind.
        settle_seconds: Until the spans of a kind are counted.

    Returns:
        Their costs, and what was sent.
    """
    costs, sent_steps = [], []
    kinds = steps(members, WEBHOOK_SECRET)
    step: Step | None = next(kinds)
    while step is not None:
        before = Reading.before(stand)
        sent = send(stand.port, step)
        time.sleep(settle_seconds)
        cost = _cost(step, shares.get(step.name, 0.0), sent, before, Reading.after(stand), idle)
        progress(
            f"{cost.name}: hub {cost.hub_us:.0f} us, database {cost.database_us:.0f} us, "
            f"{cost.commands:.1f} commands, {cost.elapsed_ms:.1f} ms"
        )
        costs.append(cost)
        sent_steps.append(step)
        step = _next(kinds, sent.bodies)
    return costs, sent_steps


def _next(kinds: Any, bodies: list[Any]) -> Step | None:
    try:
        step: Step = kinds.send(bodies)
    except StopIteration:
        return None
    return step


def _cost(
    step: Step, share: float, sent: Sent, before: Reading, after: Reading, idle: Clocks
) -> RouteCost:
    number, seconds = len(step.requests), after.at - before.at
    used, counts = after.clocks.since(before.clocks), after.counts.since(before.counts)
    us = 1e6 / number

    def waited(*phases: str) -> float:
        return sum(counts.phases.get(phase, 0.0) for phase in phases) / number * 1e3

    return RouteCost(
        name=step.name,
        share=share,
        requests=number,
        in_loads=step.repeatable,
        hub_us=max(0.0, used.hubs - idle.hubs * seconds) * us,
        threads_us=max(0.0, used.threads - idle.threads * seconds) * us,
        database_us=max(0.0, used.database - idle.database * seconds) * us,
        others_us=max(0.0, used.others - idle.others * seconds) * us,
        commands=counts.commands / number,
        database_ms=waited(*DATABASE),
        pool_wait_ms=waited("db_pool_wait"),
        external_ms=waited("external"),
        elapsed_ms=median(sent.seconds) * 1e3,
        spans=(after.spans - before.spans) / number,
        span_bytes=(after.span_bytes - before.span_bytes) / number,
        log_bytes=(after.log_bytes - before.log_bytes) / number,
    )
