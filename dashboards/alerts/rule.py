"""``Alert``: one alerting rule, with the board and the runbook to open."""

import re
from dataclasses import dataclass, field
from typing import Final, Literal

Severity = Literal["page", "ticket"]

RUNBOOKS: Final = "docs/runbooks"

Board = Literal[
    "serene-home",
    "serene-service",
    "serene-slow-requests",
    "serene-mongodb",
    "serene-runtime",
    "serene-telemetry",
    "serene-life-cycle",
    "serene-members",
]

_VARIABLES: Final = (
    ("environment", "deployment_environment_name"),
    ("service", "service_name"),
    ("instance", "service_instance_id"),
    ("route", "http_route"),
)
"""Variables of the boards, and the labels of alerts that fill them in."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Args:
        name: In camel case, as is usual for alerts.
        query: PromQL; each series of its result is an alert.
        hold: Prometheus duration for which the query has to hold.
        severity: ``page`` wakes a person, ``ticket`` waits for the morning.
        summary: One sentence; may use the labels and the value of the series.
        action: What to check first.
        board: Uid of the board to open.
        labels: Further labels, besides the severity.
        route: Template of the board's variable ``route``, where the series has no label of it.
    """

    name: str
    query: str
    hold: str
    severity: Severity
    summary: str
    action: str
    board: Board
    labels: dict[str, str] = field(default_factory=dict)
    route: str = ""

    @property
    def runbook(self) -> str:
        """Path of its runbook in the repository."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", self.name).lower()
        return f"{RUNBOOKS}/{words}.md"

    def rule(self) -> dict[str, object]:
        """Return the rule in Prometheus' form."""
        return {
            "alert": self.name,
            "expr": self.query,
            "for": self.hold,
            "labels": {"severity": self.severity, **self.labels},
            "annotations": {
                "summary": self.summary,
                "description": self.action,
                "board": self.board_path(),
                "runbook": self.runbook,
            },
        }

    def board_path(self) -> str:
        """Return the path of its board: the last hour, and the alert's labels as variables."""
        variables = "".join(
            f"{{{{ with $labels.{label} }}}}&var-{variable}={{{{ . | urlquery }}}}{{{{ end }}}}"
            for variable, label in _VARIABLES
        )
        return f"/d/{self.board}?from=now-1h&to=now{variables}{self.route}"


OF: Final = "{{ $labels.service_name }} ({{ $labels.deployment_environment_name }})"
"""The service of an alert, for its summary."""
WORKER: Final = "{{ $labels.service_instance_id }}"
"""The worker of an alert."""
PERCENT: Final = "{{ $value | humanizePercentage }}"
DURATION: Final = "{{ $value | humanizeDuration }}"


def top(label: str, query: str) -> str:
    """Return a template: the label of the first series of a query, or nothing.

    Args:
        label: Of the series.
        query: PromQL; ``%SERVICE`` is the service of the alert, ``%WORKER`` its worker.
    """
    filled = query.replace("%SERVICE", "%[1]q").replace("%WORKER", "%[2]q")
    return (
        f"{{{{ with printf `{filled}` $labels.service_name $labels.service_instance_id | query }}}}"
        f'{{{{ . | first | label "{label}" }}}}{{{{ end }}}}'
    )
