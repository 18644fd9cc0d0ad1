"""Alertmanager's configuration: groups, inhibitions and receivers, so that one cause pages once.

Alerts of one service are one notification. What follows from a firing cause is held back; only a
page may hold back a page, or nobody would wake up.

Source: Alertmanager's documentation, "Configuration" and "Inhibition".
"""

from dataclasses import dataclass
from typing import Final

from dashboards.alerts import held
from dashboards.rule_promql import ENVIRONMENT, SERVICE, WORKER
from dashboards.time_scale import TimeScale

RECEIVER_URL: Final = "http://notifications:9099/alerts"
"""The stack's own receiver, which appends each notification to a file."""

_SERVICE: Final = (ENVIRONMENT, SERVICE)
_WORKER: Final = (*_SERVICE, WORKER)
_BURNS: Final = "(Availability|Latency|Freshness)Burn(Fast|Slow)"
_POOL: Final = "DatabasePool(NearExhaustion|Waiters)"


@dataclass(frozen=True, slots=True)
class Inhibition:
    """What a firing alert holds back.

    Args:
        cause: Its name.
        effects: Regular expression of the names that it holds back.
        equal: Labels that are equal in both.
        severity: Of the cause; empty for any.
        effect_severity: Of the effects; empty for any.
    """

    cause: str
    effects: str
    equal: tuple[str, ...] = _SERVICE
    severity: str = ""
    effect_severity: str = ""

    def rule(self) -> dict[str, object]:
        """Return the rule in Alertmanager's form."""
        return {
            "source_matchers": [f'alertname="{self.cause}"', *_severity(self.severity)],
            "target_matchers": [f'alertname=~"{self.effects}"', *_severity(self.effect_severity)],
            **({"equal": list(self.equal)} if self.equal else {}),
        }


def _severity(severity: str) -> list[str]:
    return [f'severity="{severity}"'] if severity else []


INHIBITIONS: Final = (
    Inhibition(held.NAME, "(Availability|Latency)Burn(Fast|Slow)", severity=held.SEVERITY),
    Inhibition("DatabaseUnavailable", f"{_BURNS}|DatabaseSlow|{_POOL}|EvidenceStale"),
    Inhibition(
        "HubBlocked",
        f"(Latency|Freshness)Burn(Fast|Slow)|DatabaseSlow|{_POOL}|EvidenceStale|HubWaitHigh",
        severity="page",
    ),
    Inhibition("HubBlocked", "HubBlocked", _WORKER, "page", "ticket"),
    Inhibition(
        "ScrapeMissing",
        "FreshnessBurn(Fast|Slow)|EvidenceStale|ScrapeMissing|ClockSkew",
        severity="page",
        effect_severity="",
    ),
    Inhibition("HubBlocked", "HubWaitHigh", severity="ticket"),
    Inhibition("DatabaseSlow", f"{_POOL}|LatencyBurnSlow"),
    Inhibition("ClockSkew", "EvidenceStale", _WORKER),
    Inhibition("WorkerFlapping", "ScrapeMissing", _WORKER, effect_severity="ticket"),
    Inhibition("ExporterFailing", "TelemetryLost", ()),
    Inhibition("AvailabilityBurnFast", "AvailabilityBurnSlow"),
    Inhibition("LatencyBurnFast", "LatencyBurnSlow", (*_SERVICE, "route_class")),
    Inhibition("FreshnessBurnFast", "FreshnessBurnSlow"),
)


def configuration(time: TimeScale) -> dict[str, object]:
    """Return the whole configuration."""
    return {
        "route": {
            "receiver": "ticket",
            "group_by": [ENVIRONMENT, SERVICE, "severity"],
            # Longer than a cause on which a page depends needs to fire.
            "group_wait": time("30s"),
            "group_interval": time("5m"),
            "repeat_interval": time("1d"),
            "routes": [
                {
                    "matchers": ['severity="page"'],
                    "receiver": "page",
                    "group_interval": time("1m"),
                    "repeat_interval": time("4h"),
                },
                {"matchers": [f'severity="{held.SEVERITY}"'], "receiver": "none"},
            ],
        },
        "inhibit_rules": [inhibition.rule() for inhibition in INHIBITIONS],
        "receivers": [
            {"name": "none"},
            *(
                {"name": name, "webhook_configs": [{"url": RECEIVER_URL, "send_resolved": True}]}
                for name in ("page", "ticket")
            ),
        ],
    }
