"""``Health``: liveness, readiness and report of this process, each read from the registry.

No verdict does I/O, takes a lock of ours or yields, so a native thread may ask for one while the
hub is blocked. The only method with a cost that grows is ``sample``, and the background loop calls
it, never a request.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.elapsed import elapsed_seconds
from telemetry.health.components import (
    DATABASE_SERIES,
    PROCESS_SERIES,
    SERVER_SERIES,
    SYSTEM_SERIES,
    LifecycleState,
    database_evidence,
    process,
    server_evidence,
    state_reason,
    system,
)
from telemetry.health.evidence import (
    ComponentHealth,
    Group,
    HealthEvidence,
    Indicator,
    evidence_of,
    judge,
)
from telemetry.health.latency import LatencyWindow, ResponseTimes
from telemetry.health.paths import HealthPaths
from telemetry.health.registry_snapshot import RegistrySnapshot
from telemetry.metrics import Metrics


class Verdict(NamedTuple):
    """The answer to a probe.

    Args:
        status: 200 or 503.
        body: JSON.
    """

    status: int
    body: dict[str, Any]


class Health:
    """The health of one worker.

    Args:
        config: Paths, interval, target and window, version and environment.
        metrics: The registry that is read.
        lifecycle: The state of the process.
        clock: Unix time in seconds, for the timestamp.
        monotonic: Seconds, for ages and durations; no step of the time of day reaches a verdict.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        metrics: Metrics,
        lifecycle: LifecycleState,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = elapsed_seconds,
    ) -> None:
        self.paths = HealthPaths.under(config.health_prefix)
        """Where a service serves health; requests there are probes, not users'."""
        self._config = config
        self._registry = metrics.registry
        self._lifecycle = lifecycle
        self._clock = clock
        self._monotonic = monotonic
        self._stale_after_seconds = config.health_stale_intervals * config.health_interval_seconds
        self._started_at = self._sampled_at = monotonic()
        self._platform = " ".join((os.uname().sysname, os.uname().release))
        self._indicators: dict[str, tuple[Indicator, Group]] = {}
        self._why_database_is_down: Callable[[], str] | None = None
        self._database_age_seconds: Callable[[], float | None] = _never
        self._latency = LatencyWindow(
            metrics.histogram(names.REQUEST_DURATION),
            target_seconds=config.sla_target_seconds,
            window_seconds=config.sla_window_seconds,
            interval_seconds=config.health_interval_seconds,
            health_routes=self.paths,
            monotonic=monotonic,
        )

    def expect_database(
        self,
        why_down: Callable[[], str] = str,
        age_seconds: Callable[[], float | None] | None = None,
    ) -> None:
        """Make health depend on a database, also on one that was never reached.

        Args:
            why_down: Returns, at once, why the last check failed as ``"Kind: text"``, or an empty
                string. Only the kind is exposed: health routes are public, and the text may name
                hosts.
            age_seconds: Returns, at once, the time since the last check; ``None`` before the first.
                Without it the age is that of ``mongodb_evidence_timestamp_seconds``.
        """
        self._why_database_is_down = why_down
        self._database_age_seconds = age_seconds or self._age_by_timestamp

    def add_indicator(self, name: str, indicator: Indicator, group: Group = "readiness") -> None:
        """Add a component to health.

        Args:
            name: Key under ``services``.
            indicator: Returns its evidence at once: no I/O, no wait, from any thread. One that
                raises is down.
            group: ``readiness`` makes the service not ready while the component is not up;
                ``report`` only lists the component.

        Raises:
            ValueError: The name is taken.
        """
        if name in ("database", "server") or name in self._indicators:
            raise ValueError(f"there is already a component called {name!r}")
        self._indicators[name] = (indicator, group)

    def sample(self) -> None:
        """Sample the latency histogram; called by the background loop once an interval."""
        self._latency.sample()
        self._sampled_at = self._monotonic()

    def routes(self, prefix: str) -> dict[str, Callable[[], Verdict]]:
        """Return the three verdicts by URL path.

        Args:
            prefix: Path of the report; the others are below it.
        """
        paths = HealthPaths.under(prefix)
        return {
            paths.report: self.report,
            paths.liveness: self.liveness,
            paths.readiness: self.readiness,
        }

    def liveness(self) -> Verdict:
        """Return 200, whatever the process depends on, also while it drains."""
        return Verdict(
            200,
            self._head("alive", success=True)
            | {"evidence": {"server": {"ageSeconds": self._server_age()}}},
        )

    def readiness(self) -> Verdict:
        """Return whether the process may be sent traffic; 503 with every reason why not."""
        components = self._readiness_components(
            RegistrySnapshot(self._registry, DATABASE_SERIES[:2])
        )
        reasons = [f"server: {reason}"] if (reason := state_reason(self._lifecycle)) else []
        reasons += [component.reason for component in components if not component.healthy]
        body = self._head("not ready" if reasons else "ready", success=not reasons)
        if reasons:
            body["reasons"] = reasons
        body["evidence"] = {component.name: _brief(component) for component in components}
        return Verdict(503 if reasons else 200, body)

    def report(self) -> Verdict:
        """Return all that is known; 503 when a component that the service needs is not up."""
        began = self._monotonic()
        snapshot = RegistrySnapshot(
            self._registry, (*DATABASE_SERIES, *SERVER_SERIES, *SYSTEM_SERIES, *PROCESS_SERIES)
        )
        required = [self._server(snapshot), *self._readiness_components(snapshot)]
        listed = [
            self._check(name) for name, (_, group) in self._indicators.items() if group == "report"
        ]
        reasons = [component.reason for component in required if not component.healthy]
        body = self._head("unhealthy" if reasons else "healthy", success=not reasons)
        if reasons:
            body["reasons"] = reasons
        body |= {
            "version": self._config.service_version,
            "environment": self._config.environment,
            "services": {component.name: component.body() for component in (*required, *listed)},
            "system": system(snapshot, self._platform),
            "process": process(snapshot),
            "sla": self._sla(),
        }
        took_seconds = self._monotonic() - began
        body["responseTime"] = milliseconds(took_seconds)
        body["avgResponseTime"] = milliseconds(self._latency.health_average_seconds(took_seconds))
        return Verdict(503 if reasons else 200, body)

    def _head(self, status: str, *, success: bool) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return {
            "success": success,
            "status": status,
            "state": self._lifecycle.state,
            "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "uptime": round(self._monotonic() - self._started_at, 3),
        }

    def _age_by_timestamp(self) -> float | None:
        snapshot = RegistrySnapshot(self._registry, (names.MONGODB_EVIDENCE.name,))
        checked_at = snapshot.total(names.MONGODB_EVIDENCE.name)
        return self._clock() - checked_at if checked_at else None

    def _readiness_components(self, snapshot: RegistrySnapshot) -> list[ComponentHealth]:
        components = []
        if self._why_database_is_down is not None:
            kind = self._why_database_is_down().partition(":")[0]
            components.append(
                self._judge(
                    "database",
                    database_evidence(
                        snapshot, age_seconds=self._database_age_seconds(), kind_of_failure=kind
                    ),
                )
            )
        return components + [
            self._check(name)
            for name, (_, group) in self._indicators.items()
            if group == "readiness"
        ]

    def _server(self, snapshot: RegistrySnapshot) -> ComponentHealth:
        return self._judge(
            "server", server_evidence(snapshot, self._lifecycle, age_seconds=self._server_age())
        )

    def _server_age(self) -> float:
        return round(self._monotonic() - self._sampled_at, 3)

    def _check(self, name: str) -> ComponentHealth:
        return self._judge(name, evidence_of(self._indicators[name][0]))

    def _judge(self, name: str, evidence: HealthEvidence) -> ComponentHealth:
        return judge(name, evidence, stale_after_seconds=self._stale_after_seconds)

    def _sla(self) -> dict[str, Any]:
        sla = self._latency.sla()
        body: dict[str, Any] = {
            "target": milliseconds(self._config.sla_target_seconds),
            "withinTarget": None if sla.share is None else round(sla.share, 4),
            "trend": sla.trend,
            "requests": sla.requests,
            "windowSeconds": round(sla.window_seconds, 3),
            "ageSeconds": round(sla.age_seconds, 3),
        }
        if self._config.health_times:
            body |= {
                "routes": _times(self._latency.route_times()),
                "healthChecks": _times(self._latency.health_times()),
            }
        return body


def _never() -> None:
    """Return the age of what was never checked."""


def _times(times: ResponseTimes) -> dict[str, Any]:
    return {
        "requests": times.requests,
        "average": None if times.average_seconds is None else milliseconds(times.average_seconds),
        "p95": None if times.p95_seconds is None else milliseconds(times.p95_seconds),
        "trend": times.trend,
        "withinTarget": None if times.share is None else round(times.share, 4),
    }


def _brief(component: ComponentHealth) -> dict[str, Any]:
    return {
        name: value for name, value in component.body().items() if name in ("status", "ageSeconds")
    }


def milliseconds(seconds: float) -> str:
    """Format a duration for people: ``15ms``, ``12.45ms``; two decimals at most."""
    return f"{seconds * 1e3:.2f}".rstrip("0").rstrip(".") + "ms"
