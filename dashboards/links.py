"""Links of a panel: to the traces of a route, and to the Service board of one route.

The link from an exemplar to its trace is not here: Grafana takes it from the settings of the
Prometheus data source.
"""

import json
from typing import Final
from urllib.parse import quote

from grafana_foundation_sdk.builders import dashboard

from dashboards import config

ROUTE_OF_SERIES: Final = "${__field.labels.http_route:percentencode}"
"""The route of the series that was clicked, as Grafana's variable."""
ROUTE_OF_ROW: Final = "${__data.fields.Route:percentencode}"
"""The route of the table row that was clicked."""


def slow_traces(route: str) -> dashboard.DashboardLink:
    """Open the traces of a route that took longer than the latency target.

    Args:
        route: ``ROUTE_OF_SERIES`` or ``ROUTE_OF_ROW``.
    """
    milliseconds = round(config.OBJECTIVES.latency_target_seconds * 1000)
    condition = f'span.http.route="{route}" && duration > {milliseconds}ms'
    return _traces("Slow traces of this route", condition)


def failed_traces(route: str) -> dashboard.DashboardLink:
    """Open the traces of a route that ended with a 5xx; ``route`` as for ``slow_traces``."""
    condition = f'span.http.route="{route}" && span.http.response.status_code >= 500'
    return _traces("Failed traces of this route", condition)


def service_board(route: str) -> dashboard.DashboardLink:
    """Open the Service board with only that route; ``route`` as for ``slow_traces``."""
    variables = f"var-service=${{service:percentencode}}&var-route={route}"
    address = f"/d/serene-service?{variables}&${{__url_time_range}}"
    return dashboard.DashboardLink("Only this route").url(address)


def _traces(title: str, condition: str) -> dashboard.DashboardLink:
    query = f'{{ resource.service.name="${{service}}" && {condition} }}'
    source = {"type": "tempo", "uid": config.TEMPO_UID}
    pane = {
        "datasource": config.TEMPO_UID,
        "queries": [
            {
                "refId": "A",
                "datasource": source,
                "queryType": "traceql",
                "query": query,
                "limit": 50,
                "tableType": "traces",
            }
        ],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    # Grafana fills in variables before it parses the address: "$", "{", "}" and ":" of a variable
    # must stay as they are.
    panes = quote(json.dumps({"traces": pane}, separators=(",", ":")), safe="${}:._")
    link = dashboard.DashboardLink(title).url(f"/explore?schemaVersion=1&orgId=1&panes={panes}")
    return link.target_blank(True)
