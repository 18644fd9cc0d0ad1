"""Follows the runbook of every alert that fires during the drill, whatever made it fire.

A fault has consequences: a database that is away also burns budgets and makes requests wait. So
most alerts fire without a fault of their own; ``planted`` makes the others fire.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import gevent
import requests

from dashboards import alerts
from dashboards.alerts import held
from dashboards.time_scale import TimeScale
from stack.runner import Stack
from tests.e2e.faults.first_check import FirstCheck
from tests.e2e.faults.stand import firing

POLL_SECONDS: Final = 0.5
NOT_FIRED: Final = "it has not fired"


@dataclass(frozen=True, order=True)
class Rule:
    """An alerting rule; several may have one name and one runbook.

    Args:
        name: Of the alert.
        severity: Of the rule.
        where: Value of its label ``where``; empty without one.
    """

    name: str
    severity: str
    where: str = ""

    def __str__(self) -> str:
        """Return what tests and messages name it by."""
        return "-".join(filter(None, (self.name, self.severity, self.where)))


RUNBOOKS: Final[Mapping[Rule, str]] = {
    Rule(one.name, one.severity, one.labels.get("where", "")): one.runbook
    for one in alerts.alerts(TimeScale())
}
HELD: Final = Rule(held.NAME, held.SEVERITY)
"""Notifies nobody, and so has no runbook."""


def rule_of(labels: Mapping[str, Any]) -> Rule:
    """Return the rule of an alert that fires, by its labels."""
    return Rule(labels["alertname"], labels["severity"], labels.get("where", ""))


class Follower:
    """Follows each runbook until every query of its first check has shown something at once.

    Args:
        stack: Under traffic, without a fault: what the queries return now is compared with.

    Attributes:
        fired: Rules of which an alert has fired.
        silent: By rule, the queries that showed nothing when they were asked last.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        pages = sorted(set(RUNBOOKS.values()))
        self._checks = {page: FirstCheck(stack, page) for page in pages}
        self.fired: set[Rule] = set()
        self.silent = {rule: [NOT_FIRED] for rule in RUNBOOKS}

    def run(self) -> None:
        """Follow until killed."""
        while True:
            # Prometheus itself may be late under load; the next round asks again.
            with suppress(requests.RequestException):
                self._follow()
            gevent.sleep(POLL_SECONDS)

    def is_done(self, *names: str) -> bool:
        """Return whether the runbooks of rules have been followed.

        Args:
            names: Of alerts, which stand for all of their rules, or of rules.
        """
        return not any(
            queries
            for rule, queries in self.silent.items()
            if rule.name in names or str(rule) in names
        )

    def _follow(self) -> None:
        rules = {rule_of(labels) for labels in firing(self._stack)}
        self.fired |= rules
        for rule in sorted(rules & RUNBOOKS.keys()):
            if self.silent[rule]:
                self.silent[rule] = self._checks[RUNBOOKS[rule]].silent()
