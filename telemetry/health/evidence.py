"""Evidence of one component's health, and the verdict on it.

An indicator returns evidence and judges nothing; one function judges all evidence alike, by its
age. Nothing here reads a clock, a registry or a socket.

Source: Spring Boot Actuator, which separates indicators (evidence) from groups (liveness,
readiness), and treats an exception as *down*.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["up", "down", "stale", "unknown"]
Group = Literal["readiness", "report"]


@dataclass(frozen=True, slots=True)
class HealthEvidence:
    """What was observed of one component, and how long ago.

    Args:
        healthy: The observation is as it should be.
        reason: Why not, or what is going on; for people.
        age_seconds: Age of the observation, 0 for a present one; ``None`` when there has never been
            one.
        details: More of the observation, as JSON values; what is not known is left out.
        words: What a status is called in JSON, where it is not its own name: a database is
            ``connected``, not ``up``.
    """

    healthy: bool
    reason: str = ""
    age_seconds: float | None = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


Indicator = Callable[[], HealthEvidence]


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """A component's evidence with the verdict on it.

    Args:
        name: The component, a key of ``services``.
        status: ``stale`` and ``unknown`` are not healthy.
        reason: One line that names the component; empty when it is up.
        evidence: What the verdict is based on.
    """

    name: str
    status: Status
    reason: str
    evidence: HealthEvidence

    @property
    def healthy(self) -> bool:
        """Whether the component is up."""
        return self.status == "up"

    def body(self) -> dict[str, Any]:
        """Return the component as JSON, without an age when it has never been observed."""
        status = self.evidence.words.get(self.status, self.status)
        body: dict[str, Any] = {"status": status, "healthy": self.healthy}
        if self.evidence.age_seconds is not None:
            body["ageSeconds"] = round(self.evidence.age_seconds, 3)
        if self.evidence.reason:
            body["reason"] = self.evidence.reason
        return body | dict(self.evidence.details)


def judge(name: str, evidence: HealthEvidence, *, stale_after_seconds: float) -> ComponentHealth:
    """Judge evidence by its content and its age.

    Args:
        name: The component.
        evidence: What is known of it.
        stale_after_seconds: Evidence older than this proves nothing.
    """
    age = evidence.age_seconds
    if age is None:
        return ComponentHealth(name, "unknown", f"{name}: never checked", evidence)
    if age > stale_after_seconds:
        reason = f"{name}: stale, last checked {age:.1f} s ago"
        return ComponentHealth(name, "stale", reason, evidence)
    if evidence.healthy:
        return ComponentHealth(name, "up", "", evidence)
    return ComponentHealth(name, "down", f"{name}: {evidence.reason or 'down'}", evidence)


def evidence_of(indicator: Indicator) -> HealthEvidence:
    """Call an indicator; one that raises is down, with the exception's class as the reason.

    The exception's text is left out: health routes are public, and it may name hosts or accounts.
    """
    try:
        return indicator()
    except Exception as error:
        return HealthEvidence(healthy=False, reason=f"its indicator raised {type(error).__name__}")
