"""Links of a panel: to traces, to log lines, and to another board, with one worker or route.

The link from an exemplar to its trace is not here: Grafana takes it from the settings of the
Prometheus data source. Variables and the time range go with every link.

Grafana decodes the address of a link until nothing is left to decode, before it is followed: a
query with an ampersand would end there, and a plus would be a space. So JSON's own escapes stand
for the characters that mean something in an address; `_in_address`.
Source: ``locationUtil.processUrl`` of ``@grafana/data``, ``sanitizeUrl`` of
``@braintree/sanitize-url``.
"""

import json
from typing import Final
from urllib.parse import quote

from grafana_foundation_sdk.builders import dashboard

from dashboards import config, logql, traceql
from dashboards.variables import ALL
from service import objectives

HOME, SERVICE, SLOW_REQUESTS, MONGODB, RUNTIME, TELEMETRY, LIFE_CYCLE, MEMBERS = (
    f"serene-{name}"
    for name in (
        "home",
        "service",
        "slow-requests",
        "mongodb",
        "runtime",
        "telemetry",
        "life-cycle",
        "members",
    )
)
"""Uids of the boards; they are part of addresses, so they never change."""

ROUTE_OF_SERIES: Final = "${__field.labels.http_route:percentencode}"
"""The route of the series that was clicked, as Grafana's variable."""
ROUTE_OF_ROW: Final = "${__data.fields.Route:percentencode}"
"""The route of the table row that was clicked."""
WORKER_OF_SERIES: Final = "${__field.labels.service_instance_id:percentencode}"
WORKER_OF_ROW: Final = "${__data.fields.Instance:percentencode}"
TRACE_OF_ROW: Final = "${__data.fields.traceID}"
"""The trace of a row that a TraceQL search found, whether or not its column is shown."""
SERVICE_OF_ROW: Final = "${__data.fields.Service:percentencode}"
ENVIRONMENT_OF_ROW: Final = "${__data.fields.Environment:percentencode}"
ALERT_OF_ROW: Final = "${__data.fields.Alert:percentencode}"


def board(uid: str, title: str, **only: str) -> dashboard.DashboardLink:
    """Open a board with the variables and the time range of this one.

    Args:
        uid: Of the board, such as ``links.MONGODB``.
        title: Text of the link.
        only: Value for a variable, such as ``route=links.ROUTE_OF_ROW``.
    """
    values = [
        f"var-{name}={only[name]}" if name in only else f"${{{name}:queryparam}}" for name in ALL
    ]
    address = f"/d/{uid}?" + "&".join(["${datasource:queryparam}", *values, "${__url_time_range}"])
    return dashboard.DashboardLink(title).url(address)


def service_board(route: str) -> dashboard.DashboardLink:
    """Open the Service board with only that route; ``route`` as for ``slow_traces``."""
    return board(SERVICE, "Only this route", route=route)


def slow_traces(route: str) -> dashboard.DashboardLink:
    """Open the traces of a route that took longer than the latency objective.

    Args:
        route: ``ROUTE_OF_SERIES`` or ``ROUTE_OF_ROW``.
    """
    milliseconds = round(objectives.LATENCY_SECONDS * 1000)
    return _traces("Slow traces of this route", route, f"duration > {milliseconds}ms")


def failed_traces(route: str) -> dashboard.DashboardLink:
    """Open the traces of a route that ended with a 5xx; ``route`` as for ``slow_traces``."""
    return _traces("Failed traces of this route", route, "span.http.response.status_code >= 500")


def alert(name: str) -> dashboard.DashboardLink:
    """Open an alert with its summary, runbook and board, ``ALERT_OF_ROW``."""
    return dashboard.DashboardLink("This alert").url(f"/alerting/list?search={name}")


def lines_of_worker(worker: str) -> dashboard.DashboardLink:
    """Open the log lines of a worker, ``WORKER_OF_SERIES`` or ``WORKER_OF_ROW``."""
    query = f'{{service_name=~"${{service:pipe}}", service_instance_id="{worker}"}}'
    return _explore("Log lines of this instance", config.LOKI_UID, "loki", expr=query)


def lines(title: str, *stages: str, level: str = "") -> dashboard.DashboardLink:
    """Open log lines of the selected services; arguments as for ``logql.lines``."""
    query = logql.lines(*stages, level=level)
    query = query.replace("$service", "${service:pipe}").replace("$instance", "${instance:pipe}")
    return _explore(title, config.LOKI_UID, "loki", expr=query)


def trace() -> dashboard.DashboardLink:
    """Open the trace of a row."""
    search = {"queryType": "traceql", "query": TRACE_OF_ROW}
    return _explore("Open the trace", config.TEMPO_UID, "tempo", **search)


def record() -> dashboard.DashboardLink:
    """Open what a worker recorded of a trace's request; the viewer finds the worker."""
    return dashboard.DashboardLink("Record of the request").url(f"/record/{TRACE_OF_ROW}")


def lines_of_trace() -> dashboard.DashboardLink:
    """Open the log lines of the trace of a row."""
    query = f'{{service_name=~".+"}} | trace_id="{TRACE_OF_ROW}"'
    return _explore("Log lines of the trace", config.LOKI_UID, "loki", expr=query)


def _traces(title: str, route: str, condition: str) -> dashboard.DashboardLink:
    query = traceql.spans(f'span.http.route="{route}"', condition)
    search = {"queryType": "traceql", "query": query, "limit": 50, "tableType": "traces"}
    return _explore(title, config.TEMPO_UID, "tempo", **search)


def _explore(title: str, uid: str, kind: str, **query: object) -> dashboard.DashboardLink:
    pane = {
        "datasource": uid,
        "queries": [{"refId": "A", "datasource": {"type": kind, "uid": uid}, **query}],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    # Grafana fills in variables before it parses the address: "$", "{", "}" and ":" of a variable
    # must stay as they are.
    panes = quote(_in_address(json.dumps({"a": pane}, separators=(",", ":"))), safe="${}:._")
    link = dashboard.DashboardLink(title).url(f"/explore?schemaVersion=1&orgId=1&panes={panes}")
    return link.target_blank(True)


def _in_address(text: str) -> str:
    """Return the same JSON without characters that end a value of an address, or change it."""
    return text.translate({ord(one): f"\\u{ord(one):04x}" for one in "&+#%"})
