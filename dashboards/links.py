"""Ways out of a panel: to the traces behind a number, and to the same route on the Service board.

The way from an exemplar to its trace is not here: Grafana takes it from the Prometheus data
source's settings.
"""

import json
from urllib.parse import quote

from grafana_foundation_sdk.builders import dashboard

from dashboards import config


def traces(title: str, condition: str) -> dashboard.DashboardLink:
    """Open Explore on the service's traces that meet a condition, over the board's time range.

    Args:
        title: Text of the link.
        condition: TraceQL inside the braces; may hold Grafana's ``${…}`` variables.
    """
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
    return (
        dashboard.DashboardLink(title)
        .url(f"/explore?schemaVersion=1&orgId=1&panes={panes}")
        .target_blank(True)
    )


def slow_traces_of(route: str) -> dashboard.DashboardLink:
    """Traces of a route over the latency target; ``route`` is the variable that holds it."""
    milliseconds = round(config.OBJECTIVES.latency_target_seconds * 1000)
    return traces(
        "Slow traces of this route", f'span.http.route="{route}" && duration > {milliseconds}ms'
    )


def failed_traces_of(route: str) -> dashboard.DashboardLink:
    """Traces of a route that failed; ``route`` is the variable that holds it."""
    return traces(
        "Failed traces of this route",
        f'span.http.route="{route}" && span.http.response.status_code >= 500',
    )


def board_of_route(route: str) -> dashboard.DashboardLink:
    """The Service board, for that route only."""
    address = f"/d/serene-service?var-service=${{service:percentencode}}&var-route={route}&${{__url_time_range}}"
    return dashboard.DashboardLink("Only this route").url(address)
