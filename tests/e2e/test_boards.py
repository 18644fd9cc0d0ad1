"""Every query of every board on the real Prometheus under demo traffic: its metrics exist, and it
returns a value.
"""

import math
import socket

import pytest
import requests

from dashboards import board_json, variables
from dashboards.board_json import Query
from tests.e2e.accounts import new_staff
from tests.e2e.conftest import WORKERS
from tests.e2e.metrics import exemplars, query
from tests.e2e.polling import poll

pytestmark = pytest.mark.e2e

# As Grafana substitutes them: every worker, every route; the rate window is four scrape intervals
# of the data source.
VALUES = {**variables.ALL, "__rate_interval": "20s", "__range": "5m"}

NOT_REPORTED = {
    "mongodb_opcounters_total": "FerretDB's serverStatus has no opcounters",
    "mongodb_network_bytes_total": "FerretDB's serverStatus has no network",
    "mongodb_server_connections": "FerretDB's serverStatus has no connections",
}
"""Metrics that only MongoDB itself reports; with FerretDB their panels stay empty and show why."""

NO_SERIES_WITHOUT_FAULTS = {
    "db_client_slow_operations_total": "no command was slow",
    "gevent_hub_blocked_seconds_total": "the hub was never held",
    "http_server_aborted_requests_total": "no response was cut short",
    "http_server_refused_connections_total": "no worker was full",
    "http_server_slow_clients_total": "no client was slow",
    "http_server_slow_requests_total": "no request was slow",
    "http_server_unreadable_requests_total": "every request could be read",
    "serene_database_failures_total": "MongoDB answered",
    "otelcol_exporter_send_failed_metric_points": "Prometheus took everything",
    "otelcol_exporter_send_failed_spans": "Tempo took everything",
    "service_uncaught_exceptions_total": "no exception went uncaught",
    "telemetry_errors_total": "telemetry raised nothing",
    "telemetry_log_lines_dropped_total": "no line was lost",
}
"""Counters with labels, which have no series before they count something; a worker exposes their
metadata all the same.
"""

QUERIES = board_json.queries()


def is_reported(query: Query) -> bool:
    """Return whether a query reads a metric that FerretDB's server has."""
    # Rates also ask when a worker has started.
    read = query.metrics - {"process_start_time_seconds"}
    return not read or not read <= NOT_REPORTED.keys()


@pytest.fixture(scope="module")
def draft_of_an_author(stack):
    """One draft: the demo traffic writes none, because it knows no author's password."""
    session, _ = new_staff(stack, "author")
    draft = {"title": "A quiet hour", "category": "sleep", "body": "Nothing happens."}
    session.post(
        f"{stack.url('service')}/api/v1/blog/posts", json=draft, timeout=60
    ).raise_for_status()


@pytest.fixture(scope="module")
def prometheus(stack, demo_traffic, draft_of_an_author):
    return stack.url("prometheus")


@pytest.fixture(scope="module")
def known(prometheus):
    """Names of every series that Prometheus has, once it has one of the slowest to arrive."""
    poll(
        lambda: query(prometheus, "rate(otelcol_exporter_sent_spans[20s])"),
        timeout_seconds=60,
        what="spans sent by the Collector",
    )
    response = requests.get(f"{prometheus}/api/v1/label/__name__/values", timeout=60)
    return set(response.json()["data"])


def has_number(result):
    return any(math.isfinite(float(series["value"][1])) for series in result)


@pytest.mark.parametrize(
    "board_query",
    [one for one in QUERIES if is_reported(one)],
    ids=lambda one: f"{one.board}: {one.panel}, {one.legend}",
)
def test_query_returns_a_number(prometheus, board_query: Query):
    expression = board_query.substitute(VALUES)
    poll(lambda: has_number(query(prometheus, expression)), timeout_seconds=60, what=expression)


@pytest.mark.parametrize(
    "board_query",
    [one for one in QUERIES if not is_reported(one)],
    ids=lambda one: one.panel,
)
def test_query_of_a_metric_that_ferretdb_does_not_report_is_empty(prometheus, board_query: Query):
    assert query(prometheus, board_query.substitute(VALUES)) == []


def test_every_queried_metric_exists(known):
    missing = {name for one in QUERIES for name in one.metrics} - known
    assert missing - NOT_REPORTED.keys() - NO_SERIES_WITHOUT_FAULTS.keys() == set()
    assert known & NOT_REPORTED.keys() == set()


def test_every_worker_exposes_metadata_of_counters_without_series(stack, prometheus):
    ours = {name for name in NO_SERIES_WITHOUT_FAULTS if not name.startswith("otelcol_")}
    for slot in range(WORKERS):
        text = requests.get(
            f"http://127.0.0.1:{stack.port('service', 'management') + slot}/metrics", timeout=60
        ).text
        exposed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
        assert {
            name
            for name in ours
            if name not in exposed and name.removesuffix("_total") not in exposed
        } == set()


@pytest.mark.parametrize(
    "variable", board_json.variables(), ids=lambda one: f"{one.board}: {one.panel}"
)
def test_variables_have_values(prometheus, variable):
    response = requests.get(
        f"{prometheus}/api/v1/label/{variable.legend}/values",
        params={"match[]": variable.substitute(VALUES)},
        timeout=60,
    )
    found = response.json()["data"]
    assert {
        "environment": found == ["development"],
        "service": found == ["serene"],
        "version": len(found) == 1,
        "instance": found == [f"{socket.gethostname()}/{slot}" for slot in range(WORKERS)],
        "route": "/api/v1/blog/posts" in found,
    }[variable.panel], found


@pytest.mark.parametrize(
    ("panel", "legend"), [("Latency", "p99"), ("Companion answer time", "p95")]
)
def test_latency_panels_have_exemplars(prometheus, panel, legend):
    (expression,) = {
        one.substitute(VALUES) for one in QUERIES if (one.panel, one.legend) == (panel, legend)
    }
    found = poll(
        lambda: exemplars(prometheus, expression, start=0, end=9999999999),
        what=f"exemplars of {panel}",
    )
    assert [one for one in found if len(one["labels"].get("trace_id", "")) != 32] == []
