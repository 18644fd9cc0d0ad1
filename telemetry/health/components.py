"""The components that the registry knows: the database, this server, the machine, the process.

Each is one function from a snapshot of the registry to evidence or JSON. What a database or a
platform does not report is left out, never zero.
"""

import math
import os
from typing import Any, Final, Protocol

from telemetry import names
from telemetry.health.evidence import HealthEvidence
from telemetry.health.registry_snapshot import RegistrySnapshot

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
DATABASE_WORDS: Final = {"up": "connected", "down": "disconnected"}
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
    """What health needs of the life cycle."""

    @property
    def state(self) -> str:
        """Return ``starting``, ``ready``, ``draining`` or ``stopped``."""

    @property
    def reason(self) -> str:
        """Return why it drains, or an empty string."""


def database_evidence(
    snapshot: RegistrySnapshot, *, age_seconds: float | None, kind_of_failure: str = ""
) -> HealthEvidence:
    """Return the result of the last check of MongoDB.

    Args:
        snapshot: Of ``DATABASE_SERIES``.
        age_seconds: Since that check; ``None`` before the first.
        kind_of_failure: Class of the error of the last check, when it failed with one.
    """
    up = snapshot.total(names.MONGODB_UP.name) == 1.0
    metrics = _present(
        connections=_connections(snapshot), **(_server_reports(snapshot) if up else {})
    )
    reason = f"did not answer ({kind_of_failure})" if kind_of_failure else "did not answer"
    return HealthEvidence(
        healthy=up,
        reason="" if up or age_seconds is None else reason,
        age_seconds=None if age_seconds is None else max(0.0, age_seconds),
        details={"metrics": metrics},
        words=DATABASE_WORDS,
    )


def _connections(snapshot: RegistrySnapshot) -> dict[str, int] | None:
    used = snapshot.total(names.POOL_COUNT.name, **{_STATE: "used"})
    if used is None:
        return None
    most = snapshot.total(names.POOL_MAX.name)
    return _present(current=int(used), available=int(most - used) if most else None)


def _server_reports(snapshot: RegistrySnapshot) -> dict[str, Any]:
    ping_seconds = snapshot.total(names.MONGODB_PING.name)
    return {
        "operations": _integers(snapshot.by(names.MONGODB_OPCOUNTERS.name, "type")),
        "network": _integers(snapshot.by(names.MONGODB_NETWORK.name, "direction"), suffix="Bytes"),
        "serverConnections": _integers(snapshot.by(names.MONGODB_SERVER_CONNECTIONS.name, "state")),
        "pingMs": None if ping_seconds is None else round(ping_seconds * 1e3, 3),
    }


def server_evidence(
    snapshot: RegistrySnapshot, lifecycle: LifecycleState, *, age_seconds: float
) -> HealthEvidence:
    """Return the evidence of this process as a server.

    Args:
        snapshot: Of ``SERVER_SERIES``.
        lifecycle: Its state between start and end.
        age_seconds: Since the background loop last ran; a hub that is held for long makes it stale.
    """
    state = lifecycle.state
    in_flight = snapshot.total(names.ACTIVE_REQUESTS.name)
    return HealthEvidence(
        healthy=state == "ready",
        reason=state_reason(lifecycle),
        age_seconds=age_seconds,
        details={"state": state} | _present(inFlight=None if in_flight is None else int(in_flight)),
    )


def state_reason(lifecycle: LifecycleState) -> str:
    """Return why this process takes no traffic, or an empty string when it does."""
    if lifecycle.state == "ready":
        return ""
    return f"{lifecycle.state} ({lifecycle.reason})" if lifecycle.reason else lifecycle.state


def system(snapshot: RegistrySnapshot, platform: str) -> dict[str, Any]:
    """Return the machine as JSON.

    ``usedPercentage`` is for people, such as ``45.2%``; ``usedPercent`` and ``usage`` are the same
    as numbers, 0 to 100. ``loadAverage`` is over 1, 5 and 15 minutes.

    Args:
        snapshot: Of ``SYSTEM_SERIES``.
        platform: Name of the operating system.
    """
    used = _percentage(snapshot.total(names.SYSTEM_MEMORY_RATIO.name))
    memory: dict[str, Any] = {
        "usedPercentage": None if used is None else f"{used:.1f}%",
        "usedPercent": used,
    }
    memory |= _integers(snapshot.by(names.SYSTEM_MEMORY_BYTES.name, "state"), suffix="Bytes") or {}
    cpu = {
        "cores": _integer(snapshot.total(names.SYSTEM_CPU_COUNT.name)),
        "loadAverage": [
            round(load, 2) for load in snapshot.by(names.SYSTEM_LOAD.name, "period").values()
        ]
        or None,
        "usage": _percentage(snapshot.total(names.SYSTEM_CPU_RATIO.name)),
    }
    return {"memory": _present(**memory), "cpu": _present(**cpu), "platform": platform}


def process(snapshot: RegistrySnapshot) -> dict[str, Any]:
    """Return this process as JSON.

    Args:
        snapshot: Of ``PROCESS_SERIES``.
    """
    cpu_seconds = snapshot.total("process_cpu_seconds_total")
    return _present(
        pid=os.getpid(),
        rssBytes=_integer(snapshot.total("process_resident_memory_bytes")),
        cpuSeconds=None if cpu_seconds is None else round(cpu_seconds, 3),
        cpuUsage=_percentage(snapshot.total(names.PROCESS_CPU_RATIO.name)),
        gc=_present(
            collections=_integers(snapshot.by("python_gc_collections_total", "generation")),
            collectedObjects=_integer(snapshot.total("python_gc_objects_collected_total")),
            uncollectableObjects=_integer(snapshot.total("python_gc_objects_uncollectable_total")),
        ),
        greenlets=_integer(snapshot.total(names.GREENLETS.name)),
        openFiles=_integer(snapshot.total("process_open_fds")),
    )


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _integer(value: float | None) -> int | None:
    return None if value is None or math.isnan(value) else int(value)


def _integers(values: dict[str, float], suffix: str = "") -> dict[str, int] | None:
    return {f"{name}{suffix}": int(value) for name, value in values.items()} or None


def _percentage(ratio: float | None) -> float | None:
    return None if ratio is None or math.isnan(ratio) else round(ratio * 100, 2)
