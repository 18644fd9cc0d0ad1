"""The faults: what each does, and which alert, board and runbook belong to it.

The alert of a fault is decided here, before anything is pressed; `tests/e2e/faults` presses each
and waits for it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from stack.errors import StackError
from stack.faults import clients
from stack.faults.clients import Drive, Driven
from stack.faults.killed import Dead, ReadOnlyRedis
from stack.faults.toxics import Cut, Toxic
from stack.faults.workers import InWorker
from stack.runner import Stack


class Action(Protocol):
    """A way to do harm, and to undo it."""

    def press(self, stack: Stack, seconds: int) -> None:
        """Do it. Raises: StackError, one line, when it cannot be done."""

    def release(self, stack: Stack) -> None:
        """Undo it; what is not done needs nothing. Raises: StackError when it cannot be undone."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        name: on the command line.
        what: one sentence, without its subject's name.
        alert: that it fires.
        board: uid of the board to open.
        action: does and undoes it.
        drive: what its keeper does meanwhile; None for nothing.
    """

    name: str
    what: str
    alert: str
    board: str
    action: Action
    drive: Drive | None = None

    @property
    def runbook(self) -> str:
        """Path of the alert's runbook."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", self.alert)
        return f"docs/runbooks/{words.lower()}.md"


def _driven(name: str, what: str, alert: str, board: str, drive: Drive) -> Fault:
    return Fault(name, what, alert, board, Driven(drive), drive)


_FAULTS: Final = (
    Fault(
        "slow-mongodb",
        "MongoDB's answers take 400 ms longer",
        "DatabaseSlow",
        "serene-mongodb",
        Toxic("mongodb", "slow-mongodb", "latency", {"latency": 400, "jitter": 50}),
    ),
    Fault(
        "dead-mongodb",
        "MongoDB's connections are closed, and new ones refused",
        "DatabaseUnavailable",
        "serene-mongodb",
        Cut("mongodb"),
    ),
    Fault(
        "small-pool",
        "the first worker never returns the connections of its pool, but one",
        "DatabasePoolNearExhaustion",
        "serene-mongodb",
        InWorker("small-pool"),
    ),
    Fault(
        "blocked-hub",
        "the first worker's hub is blocked for half of each second",
        "HubBlocked",
        "serene-runtime",
        InWorker("blocked-hub"),
    ),
    Fault(
        "gil-hog",
        "a thread of the first worker keeps the interpreter for most of the time",
        "HubWaitHigh",
        "serene-slow-requests",
        InWorker("gil-hog"),
    ),
    Fault(
        "slow-companion",
        "the model's replies come in small pieces, each 1.3 s later",
        "LatencyBurnFast",
        "serene-slow-requests",
        # Of 8 kB for each reply: over the objective of 30 s, below the time-out of 60 s.
        Toxic(
            "model",
            "slow-companion",
            "slicer",
            {"average_size": 256, "size_variation": 0, "delay": 1_300_000},
        ),
    ),
    Fault(
        "failing-companion",
        "the model refuses connections",
        "CompanionFailing",
        "serene-members",
        Cut("model"),
    ),
    Fault(
        "failing-payments",
        "the payment provider refuses connections",
        "PaymentsFailing",
        "serene-members",
        Cut("stripe-mock"),
    ),
    Fault(
        "hanging-payments",
        "the payment provider's answers never arrive",
        "PaymentsUnsettled",
        "serene-members",
        Toxic("stripe-mock", "hanging-payments", "timeout", {"timeout": 0}),
    ),
    Fault(
        "read-only-redis",
        "Redis is a read-only replica and counts nothing",
        "RateLimitFallback",
        "serene-members",
        ReadOnlyRedis(),
        clients.visitor,
    ),
    Fault(
        "dead-collector",
        "the Collector is killed: nothing is scraped, and no span is taken",
        "ScrapeMissing",
        "serene-telemetry",
        Dead("collector"),
    ),
    Fault(
        "dead-tempo",
        "Tempo is killed: the Collector cannot deliver spans",
        "ExporterFailing",
        "serene-telemetry",
        Dead("tempo"),
    ),
    Fault(
        "memory-leak",
        "the first worker grows by 8 MiB a second, 256 MiB at most",
        "MemoryGrowing",
        "serene-runtime",
        InWorker("memory-leak"),
    ),
    _driven(
        "worker-kill",
        "the newest worker is killed whenever it serves for 2 s",
        "WorkerFlapping",
        "serene-life-cycle",
        clients.kill_workers,
    ),
    _driven(
        "traffic-spike",
        "one address opens 80 connections a second, more than it may have",
        "RequestsRefused",
        "serene-service",
        clients.traffic_spike,
    ),
    _driven(
        "slow-clients",
        "40 connections send their requests byte by byte",
        "SlowClients",
        "serene-service",
        clients.slow_clients,
    ),
    Fault(
        "clock-step",
        "the first worker's clock is two minutes ahead",
        "ClockSkew",
        "serene-life-cycle",
        InWorker("clock-step"),
    ),
)

FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({fault.name: fault for fault in _FAULTS})


def find(name: str) -> Fault:
    """Return the fault of that name. Raises: StackError for an unknown one."""
    fault = FAULTS.get(name)
    if fault is None:
        raise StackError(f"unknown fault {name!r}; known are {', '.join(FAULTS)}")
    return fault
