"""What is known of one part of the service, and the verdict on it.

Whoever knows a part returns evidence and judges nothing; one function judges all evidence alike, by
its age. Nothing here reads a clock, a registry or a socket.

Source: Spring Boot Actuator's split of indicators (evidence) from groups (who is asked), and its
rule that an exception *is* down.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["up", "down", "stale", "unknown"]
Group = Literal["readiness", "report"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one part, and how long ago.

    Args:
        healthy: What was seen is as it should be.
        reason: Why not, or what is going on; for people.
        age_seconds: Age of what was seen, 0 for what is known now; ``None`` when nothing has ever
            been seen.
        details: More of what was seen, as JSON values; what is not known is left out.
    """

    healthy: bool
    reason: str = ""
    age_seconds: float | None = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)


Indicator = Callable[[], Evidence]


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence that was judged.

    Args:
        name: The part, a key of ``services``.
        status: ``stale`` and ``unknown`` are not healthy.
        reason: One line that names the part; empty when it is up.
        evidence: What the verdict stands on.
    """

    name: str
    status: Status
    reason: str
    evidence: Evidence

    @property
    def healthy(self) -> bool:
        """Whether the part is up."""
        return self.status == "up"

    def body(self) -> dict[str, Any]:
        """The part as JSON, without the age when nothing has ever been seen."""
        body: dict[str, Any] = {"status": self.status, "healthy": self.healthy}
        if self.evidence.age_seconds is not None:
            body["ageSeconds"] = round(self.evidence.age_seconds, 3)
        if self.evidence.reason:
            body["reason"] = self.evidence.reason
        return body | dict(self.evidence.details)


def judge(name: str, evidence: Evidence, *, stale_after_seconds: float) -> Finding:
    """Judge evidence by what it says and by its age.

    Args:
        name: The part.
        evidence: What is known of it.
        stale_after_seconds: Evidence older than this proves nothing.
    """
    age = evidence.age_seconds
    if age is None:
        return Finding(name, "unknown", f"{name}: never looked at", evidence)
    if age > stale_after_seconds:
        return Finding(name, "stale", f"{name}: stale, last looked at {age:.1f} s ago", evidence)
    if evidence.healthy:
        return Finding(name, "up", "", evidence)
    return Finding(name, "down", f"{name}: {evidence.reason or 'down'}", evidence)


def evidence_of(indicator: Indicator) -> Evidence:
    """Ask an indicator; one that raises is down, and says by what kind of exception.

    The exception's text is left out: health routes are public, and it may name hosts or accounts.
    """
    try:
        return indicator()
    except Exception as error:
        return Evidence(healthy=False, reason=f"its indicator raised {type(error).__name__}")
