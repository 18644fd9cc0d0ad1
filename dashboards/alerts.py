"""Alerts: conditions that need a person, as rules of Prometheus.

``python -m dashboards`` writes them to ``deploy/rules/alerts.yml``, which Prometheus reads in both
stacks. Each names what to check first.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import yaml

from dashboards.promql import SELECTED, increase, largest, series, total
from service import metrics as business
from telemetry import names

RULES: Final = Path(__file__).parent.parent / "deploy" / "rules" / "alerts.yml"

_NOTICE: Final = """\
# Written by `python -m dashboards` from dashboards/alerts.py.
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Args:
        name: In camel case, as is usual for alerts.
        query: PromQL without variables; each series of its result is an alert.
        hold: Prometheus duration for which the query has to hold.
        severity: ``page`` wakes a person, ``ticket`` waits for the morning.
        summary: One sentence; may use the labels of the series.
        action: What to check first.
    """

    name: str
    query: str
    hold: str
    severity: Literal["page", "ticket"]
    summary: str
    action: str

    def rule(self) -> dict[str, object]:
        """Return the rule in Prometheus' form."""
        return {
            "alert": self.name,
            "expr": self.query,
            "for": self.hold,
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.summary, "description": self.action},
        }


def every_service(query: str) -> str:
    """Return a query of the boards for all services and workers."""
    return query.replace(", ".join(SELECTED), 'service_name=~".+"')


ALERTS: Final = (
    Alert(
        "SpansNotTaken",
        every_service(f"{largest(series(names.EXPORT_PROBLEM), 'service_name', 'reason')} > 0"),
        "5m",
        "ticket",
        "The receiver takes no spans of {{ $labels.service_name }}: {{ $labels.reason }}",
        "The service's log and the member trace_export of its health report name the setting to "
        "check, OTEL_EXPORTER_OTLP_ENDPOINT in most cases. Requests are not affected.",
    ),
    Alert(
        "RefundFailed",
        every_service(
            total(
                increase(business.REFUNDS, 'status=~"failed|canceled"', window="1h"),
                "service_name",
                "status",
            )
            + " > 0"
        ),
        "0m",
        "ticket",
        "A refund of {{ $labels.service_name }} is {{ $labels.status }}",
        "The member paid and did not get the money back. The log line at level ERROR names the "
        "session; refund it by another way in the provider's dashboard.",
    ),
)


def to_yaml() -> str:
    """Return the rules as they are committed."""
    groups = [{"name": "serene", "rules": [alert.rule() for alert in ALERTS]}]
    return _NOTICE + yaml.safe_dump({"groups": groups}, sort_keys=False, width=1000)
