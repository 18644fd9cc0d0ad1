"""What every board marks on its graphs: new versions, drains, alerts that fire, pressed faults.

While all instances are selected, what rules record of each version is read, and the raw series of
the chosen instances else: a mark of 200 instances over a day would cost more than a panel.
"""

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard, loki, prometheus
from grafana_foundation_sdk.models.loki import LokiQueryType

from dashboards import config, fleet, logql
from dashboards.panels.spec import LOKI, PROMETHEUS
from dashboards.promql import (
    CHOSEN,
    ENVIRONMENT_LABEL,
    SERVICE_LABEL,
    VERSION_LABEL,
    largest,
    selector,
    series,
    smallest,
)
from telemetry import names

STEP: Final = "60s"
"""Grafana's own of annotations; what is shorter is found by a window of this length."""

_OF_SERVICE = (ENVIRONMENT_LABEL, SERVICE_LABEL)
_VERSION = (*_OF_SERVICE, VERSION_LABEL)
_STARTED = series("process_start_time_seconds", CHOSEN)
_OLDEST = f"({series(fleet.OLDEST_START)} or {_STARTED})"
_VERSION_BEFORE = f"({series(fleet.OLDEST_START)} offset 5m or {_STARTED} offset 5m)"

NEW_VERSIONS: Final = (
    f"{smallest(_OLDEST, *_VERSION)} * 1000 unless on({', '.join(_VERSION)}) {_VERSION_BEFORE}"
)
"""Start of the first worker of a version that did not run five minutes before; milliseconds."""
_DRAINING = series(names.SERVICE_STATE, CHOSEN, 'state="draining"')
_DRAINED = f"max_over_time({series(fleet.DRAINING)}[1m]) or max_over_time({_DRAINING}[1m])"
_YOUNG = f"({series(fleet.NEWEST_START)} or {_STARTED}) > bool time() - 120"
DRAINS: Final = f"{largest(_DRAINED, *_OF_SERVICE)} > 0 or {largest(_YOUNG, *_OF_SERVICE)} > 0"
"""One for a service: 200 workers that are replaced drain one after the other. Also workers that
have just started: a drain may be shorter than the time between two scrapes, and a killed worker has
none.
"""
# Alerts on the stack itself have no service.
ALERTS: Final = largest(
    selector(
        "ALERTS",
        'alertstate="firing"',
        'severity!="none"',
        f'{ENVIRONMENT_LABEL}=~"$environment|"',
        f'{SERVICE_LABEL}=~"$service|"',
    ),
    "alertname",
    "severity",
    SERVICE_LABEL,
)
FAULTS: Final = logql.faults()


def on_every_board() -> Iterator[dashboard.AnnotationQuery]:
    """Yield the annotations, each of which can be switched off above the panels."""
    yield (
        _prometheus("New versions", NEW_VERSIONS, config.NEUTRAL)
        .use_value_for_time(True)
        .title_format("New version")
        .text_format("{{service_name}} {{service_version}}")
    )
    yield (
        _prometheus("Drains and starts", DRAINS, config.WARN)
        .title_format("Drains and starts")
        .text_format("Workers of {{service_name}} are replaced")
    )
    yield (
        _prometheus("Alerts", ALERTS, config.BAD)
        .title_format("{{alertname}}")
        .text_format("{{severity}}: {{service_name}}")
        .tag_keys("severity")
    )
    yield _loki("Faults", FAULTS, "purple").title_format("{{event}}").text_format("{{fault}}")


def _prometheus(name: str, query: str, colour: str) -> dashboard.AnnotationQuery:
    target = prometheus.Dataquery().ref_id("Anno").expr(query).range()
    return _annotation(name, colour).datasource(PROMETHEUS).target(target).step(STEP)


def _loki(name: str, query: str, colour: str) -> dashboard.AnnotationQuery:
    target = loki.Dataquery().ref_id("Anno").expr(query).query_type(LokiQueryType.RANGE)
    return _annotation(name, colour).datasource(LOKI).target(target)


def _annotation(name: str, colour: str) -> dashboard.AnnotationQuery:
    return dashboard.AnnotationQuery().name(name).enable(True).hide(False).icon_color(colour)
