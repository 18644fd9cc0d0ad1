"""The parts of the service that the registry knows: the database, this server, the machine and the
process.

Each is one function from a reading to evidence or JSON. What a database or a platform does not
report is left out, never zero.
"""

import math
import os
from typing import Any, Final, Protocol

from telemetry import names
from telemetry.health.evidence import Evidence
from telemetry.health.reading import Reading

_STATE = names.POOL_COUNT.labels[1]

DATABASE_SERIES: Final = (
    names.MONGODB_UP.name,
    names.MONGODB_EVIDENCE.name,
    names.MONGODB_PING.name,
    names.MONGODB_OPCOUNTERS.name,
    names.MONGODB_NETWORK.name,
    names.MONGODB_SERVER_CONNECTIONS.name,
    names.POOL_COUNT.name,
    names.POOL_MAX.name,
)
SERVER_SERIES: Final = (names.ACTIVE_REQUESTS.name,)
SYSTEM_SERIES: Final = (
    names.SYSTEM_MEMORY_RATIO.name,
    names.SYSTEM_MEMORY_BYTES.name,
    names.SYSTEM_CPU_COUNT.name,
    names.SYSTEM_CPU_RATIO.name,
    names.SYSTEM_LOAD.name,
)
PROCESS_SERIES: Final = (
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_open_fds",
    names.PROCESS_CPU_RATIO.name,
    names.GREENLETS.name,
    "python_gc_collections_total",
    "python_gc_objects_collected_total",
    "python_gc_objects_uncollectable_total",
)


class LifecycleState(Protocol):
    """What health needs to know of the life cycle."""

    @property
    def state(self) -> str:
        """``starting``, ``ready``, ``draining`` or ``stopped``."""

    @property
    def reason(self) -> str:
        """Why it drains, or empty."""


def database_evidence(reading: Reading, *, now_unix: float, kind_of_failure: str = "") -> Evidence:
    """What the last look at MongoDB saw.

    Args:
        reading: Of ``DATABASE_SERIES``.
        now_unix: Unix time in seconds; a step back of the clock makes no negative age.
        kind_of_failure: Of the last look, when it failed and somebody knows.
    """
    looked_at = reading.total(names.MONGODB_EVIDENCE.name)
    up = reading.total(names.MONGODB_UP.name) == 1.0
    metrics = _present(
        connections=_connections(reading), **(_server_reports(reading) if up else {})
    )
    reason = f"did not answer ({kind_of_failure})" if kind_of_failure else "did not answer"
    return Evidence(
        healthy=up,
        reason="" if up or not looked_at else reason,
        age_seconds=max(0.0, now_unix - looked_at) if looked_at else None,
        details={"metrics": metrics},
    )


def _connections(reading: Reading) -> dict[str, int] | None:
    used = reading.total(names.POOL_COUNT.name, **{_STATE: "used"})
    if used is None:
        return None
    most = reading.total(names.POOL_MAX.name)
    return _present(current=int(used), available=int(most - used) if most else None)


def _server_reports(reading: Reading) -> dict[str, Any]:
    ping_seconds = reading.total(names.MONGODB_PING.name)
    return {
        "operations": _integers(reading.by(names.MONGODB_OPCOUNTERS.name, "type")),
        "network": _integers(reading.by(names.MONGODB_NETWORK.name, "direction"), suffix="Bytes"),
        "serverConnections": _integers(reading.by(names.MONGODB_SERVER_CONNECTIONS.name, "state")),
        "pingMs": None if ping_seconds is None else round(ping_seconds * 1e3, 3),
    }


def server_evidence(reading: Reading, lifecycle: LifecycleState, *, age_seconds: float) -> Evidence:
    """This process as a server.

    Args:
        reading: Of ``SERVER_SERIES``.
        lifecycle: Where it is between start and end.
        age_seconds: Since the background loop last ran; a hub that is held for long makes it stale.
    """
    state = lifecycle.state
    in_flight = reading.total(names.ACTIVE_REQUESTS.name)
    return Evidence(
        healthy=state == "ready",
        reason=state_reason(lifecycle),
        age_seconds=age_seconds,
        details={"state": state} | _present(inFlight=None if in_flight is None else int(in_flight)),
    )


def state_reason(lifecycle: LifecycleState) -> str:
    """Why this process takes no traffic, or empty when it does."""
    if lifecycle.state == "ready":
        return ""
    return f"{lifecycle.state} ({lifecycle.reason})" if lifecycle.reason else lifecycle.state


def system(reading: Reading, platform: str) -> dict[str, Any]:
    """The machine: ``usedPercentage`` and ``usage`` are per cent, 0 to 100.

    Args:
        reading: Of ``SYSTEM_SERIES``.
        platform: Name of the operating system.
    """
    memory = {"usedPercentage": _percentage(reading.total(names.SYSTEM_MEMORY_RATIO.name))}
    memory |= _integers(reading.by(names.SYSTEM_MEMORY_BYTES.name, "state"), suffix="Bytes") or {}
    cpu = {
        "cores": _integer(reading.total(names.SYSTEM_CPU_COUNT.name)),
        "loadAverage": {
            period: round(load, 2)
            for period, load in reading.by(names.SYSTEM_LOAD.name, "period").items()
        }
        or None,
        "usage": _percentage(reading.total(names.SYSTEM_CPU_RATIO.name)),
    }
    return {"memory": _present(**memory), "cpu": _present(**cpu), "platform": platform}


def process(reading: Reading) -> dict[str, Any]:
    """This process.

    Args:
        reading: Of ``PROCESS_SERIES``.
    """
    cpu_seconds = reading.total("process_cpu_seconds_total")
    return _present(
        pid=os.getpid(),
        rssBytes=_integer(reading.total("process_resident_memory_bytes")),
        cpuSeconds=None if cpu_seconds is None else round(cpu_seconds, 3),
        cpuUsage=_percentage(reading.total(names.PROCESS_CPU_RATIO.name)),
        gc=_present(
            collections=_integers(reading.by("python_gc_collections_total", "generation")),
            collectedObjects=_integer(reading.total("python_gc_objects_collected_total")),
            uncollectableObjects=_integer(reading.total("python_gc_objects_uncollectable_total")),
        ),
        greenlets=_integer(reading.total(names.GREENLETS.name)),
        openFiles=_integer(reading.total("process_open_fds")),
    )


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _integer(value: float | None) -> int | None:
    return None if value is None or math.isnan(value) else int(value)


def _integers(values: dict[str, float], suffix: str = "") -> dict[str, int] | None:
    return {f"{name}{suffix}": int(value) for name, value in values.items()} or None


def _percentage(ratio: float | None) -> float | None:
    return None if ratio is None or math.isnan(ratio) else round(ratio * 100, 2)
