"""The boards' variables: what a reader selects above the panels, and every query filters by."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import VariableRefresh, VariableSort

from dashboards import config
from dashboards.promql import SERVICE, WORKER
from dashboards.queries.service import PROBES
from telemetry import names


def on_every_board() -> tuple[
    dashboard.DatasourceVariable, dashboard.QueryVariable, dashboard.QueryVariable
]:
    """Return the data source, the service, and its workers."""
    datasource = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    return datasource, _service(), _worker()


def route() -> dashboard.QueryVariable:
    """Return the routes that users called; health routes are left out."""
    series = f'{names.REQUEST_DURATION.name}_count{{{SERVICE}, {names.ROUTE}!~"{PROBES}"}}'
    query = f"label_values({series}, {names.ROUTE})"
    return _query("route", "Route", query).multi(True).include_all(True).all_value(".*")


def _service() -> dashboard.QueryVariable:
    query = f"label_values({names.SERVICE_STATE.name}, service_name)"
    return _query("service", "Service", query)


def _worker() -> dashboard.QueryVariable:
    query = f"label_values({names.SERVICE_STATE.name}{{{SERVICE}}}, {WORKER})"
    return _query("instance", "Worker", query).multi(True).include_all(True).all_value(".*")


def _query(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DataSourceRef(type_val="prometheus", uid=config.PROMETHEUS_VARIABLE))
        .query({"query": query, "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )
