"""The planted causes: how each is planted, and what each place must name.

Every place must name the same phase as the one that took most. ``span``, ``log``, ``metrics`` and
``debug`` are patterns that the text of that place must contain: the guilty code or peer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from telemetry import names, span_names
from telemetry.names import Phase
from tests.e2e.causes.places import Place
from tests.e2e.causes.plants import (
    asks,
    exhausted_pool,
    large_heap,
    lost_database,
    meets,
    slow_body,
    slow_connect,
    slow_query,
    slow_reader,
    slow_service,
    still_in_kernel,
    stopped,
    throttled,
)
from tests.e2e.causes.stand import Answered, Stand, can_throttle

Patterns = tuple[str, ...]

CODE = r"tests\.e2e\.causes\.app:"
SERVER = r"127\.0\.0\.1:"


@dataclass(frozen=True)
class Cause:
    """One planted cause.

    Args:
        title: What is slow, in a few words.
        route: Of the request in question.
        phase: The phase that has to be dominant.
        plant: Makes the request slow, and returns it once it was answered.
        span: What its span must contain; so for the other places.
        can_be_missed: Its code can be seen only when it ends, and is not named where something else
            kept the sampling thread from it. Never may other code be named.
    """

    title: str
    route: str
    phase: Phase
    plant: Callable[[Stand], Answered]
    span: Patterns = ()
    log: Patterns = ()
    metrics: Patterns = ()
    debug: Patterns = ()
    can_be_missed: bool = False

    def patterns(self, place: Place) -> Patterns:
        """What the text of a place must contain."""
        by_place: dict[Place, Patterns] = {
            "record": (),
            "span": (span_names.PHASE_ATTRIBUTE_PREFIX + self.phase, *self.span),
            "log": (f'"{self.phase}"', *self.log),
            "metrics": (f'{names.REQUEST_PHASE.name}{{.*phase="{self.phase}"', *self.metrics),
            "debug": self.debug,
        }
        return by_place[place]


HELD = rf'event hub\.held: .*"{{kind}}".*{CODE}{{function}}'
BLOCKED = rf'gevent_hub_blocked_seconds_total{{{{code="{CODE}{{function}}",kind="{{kind}}"}}}}'


def held_by(kind: str, function: str) -> dict[str, Patterns]:
    """What is named of a request that held the hub."""
    words = {"kind": kind, "function": function}
    return {
        "span": (HELD.format(**words),),
        "log": (rf"hub\.held.*{CODE}{function}",),
        "metrics": (BLOCKED.format(**words),),
        "debug": (r"hub\.held", rf"{CODE}{function}"),
    }


def waited_for(kind: str, function: str, route: str) -> dict[str, Patterns]:
    """What is named of a request that waited for a hub that another one held."""
    words = {"kind": kind, "function": function}
    culprit = (rf"{CODE}{function}", route)
    return {
        "span": tuple(rf"event hub\.waited: .*{one}" for one in culprit),
        "log": culprit,
        "metrics": (BLOCKED.format(**words),),
        "debug": (r"hub\.waited", *culprit),
    }


FROZEN: dict[str, Patterns] = {
    "span": (r'event hub\.waited: .*"frozen"',),
    "log": ("frozen",),
    "metrics": ('gevent_hub_blocked_seconds_total{.*kind="frozen"',),
    "debug": (r"hub\.waited", "frozen"),
}


def peer(*patterns: str) -> dict[str, Patterns]:
    """What is named of a request that waited for others than the hub."""
    return {"span": patterns, "log": patterns, "debug": patterns}


CAUSES = (
    Cause("Slow query", "/orders", "db", slow_query, **peer("find orders.*customer", SERVER)),
    Cause(
        "Exhausted pool",
        "/stock",
        "db_pool_wait",
        exhausted_pool,
        **peer(SERVER, "/stock/report"),
    ),
    Cause("Slow connect", "/archive", "db_connect", slow_connect, **peer(SERVER)),
    Cause(
        "Slow external API", "/prices", "external", slow_service, **peer(r"/prices at 127\.0\.0\.1")
    ),
    Cause("Computing on the hub", "/compute", "cpu", asks("/compute"), **held_by("cpu", "compute")),
    Cause(
        "Victim of it, in flight",
        "/patient",
        "hub_wait",
        meets("/compute?after=/patient", "/patient"),
        **waited_for("cpu", "compute", "/compute"),
    ),
    Cause(
        "Victim of it, still in the kernel",
        "/late",
        "queue",
        still_in_kernel,
        **waited_for("cpu", "compute", "/compute"),
    ),
    Cause(
        "Blocking C call",
        "/blocking",
        "cpu",
        asks("/blocking"),
        **held_by("blocked", "call_a_driver_in_c"),
    ),
    Cause(
        "C call that holds the interpreter",
        "/c-call",
        "cpu",
        asks("/c-call"),
        # The call may have returned to its caller before it is seen.
        **held_by("cpu", "(add_up|c_call)"),
        can_be_missed=True,
    ),
    Cause(
        "Interpreter held by another thread",
        "/gil",
        "hub_wait",
        asks("/gil"),
        # The thread may have returned from the call before it is seen.
        **waited_for("gil", "(add_up|greedy_thread)", "gil"),
        can_be_missed=True,
    ),
    *(
        Cause(
            f"Lock held by another greenlet ({kind})",
            route,
            "lock",
            meets(f"{route}/held", f"{route}?after={route}/held"),
            **peer(name, f"{route}/held"),
        )
        for kind, route, name in (
            ("Lock", "/lock", "shared_lock"),
            ("RLock", "/rlock", "shared_rlock"),
        )
    ),
    Cause("Slow reader", "/download", "client_write", slow_reader, **peer(r"127\.0\.0\.1 to read")),
    Cause("Slow body", "/upload", "client_read", slow_body, **peer(r"body from 127\.0\.0\.1")),
    Cause(
        "Garbage collection with a large heap",
        "/collect",
        "gc",
        large_heap,
        **held_by("cpu", "collect"),
    ),
    Cause("Database gone", "/orders/count", "db_connect", lost_database, **peer(SERVER)),
    Cause(
        "Process stopped (SIGSTOP)",
        "/nap",
        "hub_wait",
        stopped,
        **FROZEN,
    ),
)
"""Each cause in a section of docs/causes.md."""

WHERE_ALLOWED = (
    Cause(
        "Processor taken away by a quota (cpu.max)",
        "/throttled",
        "cpu",
        throttled,
        **FROZEN,
    ),
)
"""Where the machine lets tests make a control group; else SIGSTOP stands for it."""


def plantable() -> tuple[Cause, ...]:
    """The causes that can be planted on this machine."""
    return (*CAUSES, *(WHERE_ALLOWED if can_throttle() else ()))
