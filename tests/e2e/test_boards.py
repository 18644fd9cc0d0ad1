"""Every query of every board, asked of the real Prometheus under demo traffic: it names what
exists, and it has an answer.
"""

import math
import socket

import pytest
import requests

from dashboards import board_json
from dashboards.board_json import Query
from tests.e2e.conftest import WORKERS
from tests.e2e.journey import staff
from tests.e2e.observing import query, wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

# As Grafana fills them in: every worker, every route; the rate window is four scrape intervals of
# the data source.
VALUES = {
    "service": "serene",
    "instance": ".*",
    "route": ".*",
    "__rate_interval": "20s",
    "__range": "5m",
}

NOT_REPORTED = {
    "mongodb_opcounters_total": "FerretDB's serverStatus has no opcounters",
    "mongodb_network_bytes_total": "FerretDB's serverStatus has no network",
    "mongodb_server_connections": "FerretDB's serverStatus has no connections",
}
"""What only MongoDB itself says; with FerretDB its panels stay empty, and say so."""

SILENT_WHILE_WELL = {
    "http_server_aborted_requests_total": "no response was cut short",
    "http_server_slow_requests_total": "no request was slow",
    "http_server_unreadable_requests_total": "every request could be read",
    "otelcol_exporter_send_failed_metric_points": "Prometheus took everything",
    "otelcol_exporter_send_failed_spans": "Tempo took everything",
    "service_uncaught_exceptions_total": "no exception went uncaught",
    "telemetry_errors_total": "telemetry raised nothing",
    "telemetry_log_lines_dropped_total": "no line was lost",
}
"""Counters with labels, which have no series before the first thing that they count; a worker
announces them all the same.
"""

QUERIES = board_json.queries()


@pytest.fixture(scope="module")
def author_at_work(stack):
    """One draft: nobody in the demo traffic may write, for the password of an author would have to
    be known.
    """
    session, _ = staff(stack, "author")
    draft = {"title": "A quiet hour", "category": "sleep", "body": "Nothing happens."}
    session.post(
        f"{stack.url('service')}/api/v1/blog/posts", json=draft, timeout=60
    ).raise_for_status()


@pytest.fixture(scope="module")
def prometheus(stack, demo_traffic, author_at_work):
    return stack.url("prometheus")


@pytest.fixture(scope="module")
def known(prometheus):
    """Names of every series that Prometheus has, once there is one of the slowest to come."""
    wait_for(
        lambda: query(prometheus, "rate(otelcol_exporter_sent_spans[20s])"),
        60,
        "spans passed on by the Collector",
    )
    answer = requests.get(f"{prometheus}/api/v1/label/__name__/values", timeout=60)
    return set(answer.json()["data"])


def has_number(result):
    return any(math.isfinite(float(series["value"][1])) for series in result)


@pytest.mark.parametrize(
    "board_query",
    [one for one in QUERIES if not one.metrics <= NOT_REPORTED.keys()],
    ids=lambda one: f"{one.board}: {one.panel}, {one.legend}",
)
def test_query_has_an_answer(prometheus, board_query: Query):
    expression = board_query.substitute(VALUES)
    wait_for(lambda: has_number(query(prometheus, expression)), 60, expression)


@pytest.mark.parametrize(
    "board_query",
    [one for one in QUERIES if one.metrics <= NOT_REPORTED.keys()],
    ids=lambda one: one.panel,
)
def test_query_of_what_the_embedded_database_does_not_say_has_none(prometheus, board_query: Query):
    assert query(prometheus, board_query.substitute(VALUES)) == []


def test_every_metric_that_is_asked_for_exists(known):
    missing = {name for one in QUERIES for name in one.metrics} - known
    assert missing - NOT_REPORTED.keys() - SILENT_WHILE_WELL.keys() == set()
    assert known & NOT_REPORTED.keys() == set()


def test_silent_counters_are_announced_by_every_worker(stack, prometheus):
    ours = {name for name in SILENT_WHILE_WELL if not name.startswith("otelcol_")}
    for slot in range(WORKERS):
        said = requests.get(
            f"http://127.0.0.1:{stack.port('service', 'management') + slot}/metrics", timeout=60
        ).text
        announced = {line.split()[2] for line in said.splitlines() if line.startswith("# TYPE ")}
        assert {
            name
            for name in ours
            if name not in announced and name.removesuffix("_total") not in announced
        } == set()


@pytest.mark.parametrize("file", board_json.files(), ids=lambda file: file.stem)
def test_variables_have_values(prometheus, file):
    variables = [
        one for one in board_json.load(file)["templating"]["list"] if one["type"] == "query"
    ]
    for variable in variables:
        expression, _, label = (
            variable["query"]["query"]
            .removeprefix("label_values(")
            .removesuffix(")")
            .rpartition(", ")
        )
        selector = Query(file.name, variable["name"], expression, "", instant=True).substitute(
            VALUES
        )
        answer = requests.get(
            f"{prometheus}/api/v1/label/{label}/values", params={"match[]": selector}, timeout=60
        )
        found = answer.json()["data"]
        assert {
            "service": found == ["serene"],
            "instance": found == [f"{socket.gethostname()}/{slot}" for slot in range(WORKERS)],
            "route": "/api/v1/blog/posts" in found,
        }[variable["name"]]


@pytest.mark.parametrize(
    ("panel", "legend"), [("Latency", "p99"), ("Companion answer time", "p95")]
)
def test_latency_panels_have_exemplars(prometheus, panel, legend):
    (expression,) = {
        one.substitute(VALUES) for one in QUERIES if (one.panel, one.legend) == (panel, legend)
    }

    def exemplars():
        ends = {"start": "0", "end": "9999999999"}
        answer = requests.get(
            f"{prometheus}/api/v1/query_exemplars", params={"query": expression, **ends}, timeout=60
        )
        return [one for series in answer.json()["data"] for one in series["exemplars"]]

    found = wait_for(exemplars, PATIENCE_SECONDS, f"exemplars of {panel}")
    assert [one for one in found if len(one["labels"].get("trace_id", "")) != 32] == []
