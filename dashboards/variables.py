"""The boards' variables: what a reader selects above the panels, and every query filters by.

Each one is narrowed by those before it: environment, service, version, instance, route. All have
several values and All, so that a link carries them from any board to any other.
"""

from collections.abc import Mapping
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import VariableHide, VariableRefresh, VariableSort

from dashboards import config
from dashboards.promql import (
    ENVIRONMENT,
    ENVIRONMENT_LABEL,
    INSTANCE,
    SERVICE,
    SERVICE_LABEL,
    VERSION,
    VERSION_LABEL,
    WORKER,
    selector,
)
from dashboards.queries.service import PROBES
from telemetry import names

ALL: Final[Mapping[str, str]] = {
    "environment": "..*",
    "service": "..*",
    "version": ".*",
    "instance": ".*",
    "route": ".*",
}
"""What All stands for in a query.

Loki refuses a selector whose every label may be absent; a plus becomes a space in the address of a
link, see ``dashboards.links``; and ``promql.CHOSEN`` needs the pattern of the instances to be
exactly this one.
"""


def on_every_board() -> tuple[dashboard.DatasourceVariable | dashboard.QueryVariable, ...]:
    """Return the data source and all variables; a link keeps even those that a board ignores."""
    # Its value names it.
    datasource = dashboard.DatasourceVariable("datasource").type("prometheus")
    datasource = datasource.label("Prometheus").hide(VariableHide.HIDE_LABEL)
    state = names.SERVICE_STATE.name
    return (
        datasource,
        _query("environment", "Environment", ENVIRONMENT_LABEL, selector(state)),
        _query("service", "Service", SERVICE_LABEL, selector(state, ENVIRONMENT)),
        _query("version", "Version", VERSION_LABEL, selector(state, ENVIRONMENT, SERVICE)),
        _query("instance", "Instance", WORKER, selector(state, ENVIRONMENT, SERVICE, VERSION)),
        _query("route", "Route", names.ROUTE, _requests()),
    )


def _requests() -> str:
    matchers = (ENVIRONMENT, SERVICE, VERSION, INSTANCE, f'{names.ROUTE}!~"{PROBES}"')
    return selector(f"{names.REQUEST_DURATION.name}_count", *matchers)


def _query(name: str, label: str, of: str, series: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DataSourceRef(type_val="prometheus", uid=config.PROMETHEUS_VARIABLE))
        .query({"query": f"label_values({series}, {of})", "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(ALL[name])
    )
