"""One event is one event: the boards' queries over series that begin with 1, by Prometheus."""

import math
import re
from pathlib import Path
from string import Template

import pytest

from dashboards import variables
from dashboards.board_json import windows
from dashboards.promql import RANGE, WINDOW, increase, or_zero, rate, seconds, total
from dashboards.queries import life_cycle, members, mongodb, service, telemetry_pipeline
from dashboards.queries.workers import READY
from service import metrics, objectives
from telemetry import names
from tests.support import promtool

pytestmark = pytest.mark.backend

VALUES = dict.fromkeys(variables.ALL, ".*") | windows(rate_interval=20, time_range=1800)
VALUES["instance"] = "host/.+"
"""Chosen ones: their raw series; ``test_fleet.py`` has the recorded sums of all."""
RULES = Path("deploy/rules/recording.yml")
NOTHING = math.nan
WORKER = 'service_name="serene", service_instance_id="host/0"'
OTHER = 'service_name="serene", service_instance_id="host/1"'
COUNT = names.REQUEST_DURATION.name + "_count"


def filled(expression):
    return Template(expression).substitute(VALUES)


def worker(labels=WORKER, *, absent=0, samples=240, started=0):
    """The series that each worker has: absent at first, so many samples, started at that second."""
    rest = samples - 1
    return {
        f"process_start_time_seconds{{{labels}}}": f"_x{absent} {started}x{rest}",
        f'service_state{{state="ready", {labels}}}': f"_x{absent} 1x{rest}",
    }


def requests(status, values, route="/posts", labels=WORKER):
    route = f'http_request_method="GET", http_route="{route}"'
    return {f'{COUNT}{{{route}, http_response_status_code="{status}", {labels}}}': values}


# One sample each 5 s; the event is between 595 s and 600 s, the 120th sample.
BORN = "_x120 1x119"

FRESH = worker(absent=120, samples=120, started=597)
OLD = worker(started=-3600)
PROBE = objectives.HEALTH_ROUTES[0]
SHARE = service.FAILED_SHARE_NOW
SHARE_OF_AN_HOUR = service.failed_share("1h")
ROUTE = f"sum({service.FAILURES_BY_ROUTE}) * 20"

CASES = [
    ("fresh stack, one 503: share", FRESH | requests(503, BORN), "610s", SHARE, 1),
    ("fresh stack, one 503: route", FRESH | requests(503, BORN), "610s", ROUTE, 1),
    ("fresh stack, one 200: share", FRESH | requests(200, BORN), "610s", SHARE, 0),
    (
        "fresh stack, one 503 among ten",
        FRESH | requests(503, BORN) | requests(200, "_x120 9x119"),
        "610s",
        SHARE,
        0.1,
    ),
    ("old worker, one 503: share", OLD | requests(503, BORN), "610s", SHARE, 1),
    ("old worker, one 503: route", OLD | requests(503, BORN), "610s", ROUTE, 1),
    ("seen at once", OLD | requests(503, BORN), "600s", ROUTE, 1),
    ("still within the window", OLD | requests(503, BORN), "615s", ROUTE, 1),
    ("over after the window", OLD | requests(503, BORN), "640s", ROUTE, 0),
    ("share over after its window", OLD | requests(503, BORN), "905s", SHARE, NOTHING),
    ("two at once", OLD | requests(503, "_x120 2x119"), "610s", ROUTE, 2),
    ("the rest of the window counts too", OLD | requests(503, "_x120 1 2 3x117"), "610s", ROUTE, 3),
    (
        "two workers, one each",
        OLD
        | worker(OTHER, started=-3600)
        | requests(503, BORN)
        | requests(503, BORN, labels=OTHER),
        "610s",
        ROUTE,
        2,
    ),
    (
        "two routes, one each",
        OLD | requests(503, BORN) | requests(500, BORN, "/other"),
        "610s",
        ROUTE,
        2,
    ),
    (
        "a probe is no user",
        OLD | requests(503, BORN, objectives.HEALTH_ROUTES[0]),
        "610s",
        SHARE,
        NOTHING,
    ),
    (
        "Prometheus was away: a value from before is no increase",
        worker(absent=120, samples=120, started=-3600) | requests(503, "_x120 500x119"),
        "610s",
        ROUTE,
        0,
    ),
    (
        "Prometheus was away for ten minutes, and both existed before",
        {
            f"process_start_time_seconds{{{WORKER}}}": "0x9 _x230 0x119",
            f'service_state{{state="ready", {WORKER}}}': "1x9 _x230 1x119",
        }
        | requests(503, "400x9 _x230 500x119"),
        "1210s",
        ROUTE,
        0,
    ),
    (
        "a worker that was replaced begins again",
        worker(absent=0, samples=240, started=597) | requests(503, "7x119 1x119"),
        "605s",
        f"{ROUTE} >= bool 1",
        1,
    ),
    ("share of a long window", FRESH | requests(503, BORN), "1190s", SHARE_OF_AN_HOUR, 1),
    (
        "share of each worker",
        OLD | requests(503, BORN) | requests(200, "5x239", labels=OTHER),
        "610s",
        f"count(({service.WORKER_FAILED_SHARE}) == 1)",
        1,
    ),
]


def one_event(metric, labels):
    """The series of a counter whose first event is its first sample."""
    return FRESH | {f"{metric.name}{{{labels}, {WORKER}}}": BORN}


CUT = 'http_route="/a", reason="killed", http_response_status_code="200"'

OTHER_BOARDS = [
    (
        names.ABORTED_REQUESTS,
        service.ABORTED,
        'http_route="/a", reason="killed", http_response_status_code="500"',
        20,
    ),
    (names.UNREADABLE_REQUESTS, service.UNREADABLE, 'http_response_status_code="400"', 20),
    (
        names.SLOW_REQUESTS,
        service.SLOW_BY_PHASE,
        'http_route="/a", dominant_phase="db"',
        20,
    ),
    (names.ABORTED_REQUESTS, life_cycle.CUT_RECENTLY, CUT, 1),
    (names.ABORTED_REQUESTS, life_cycle.CUT_BY_REASON, CUT, 1),
    (names.UNCAUGHT_EXCEPTIONS, life_cycle.UNCAUGHT, 'where="greenlet", fatal="false"', 1),
    (names.UNCAUGHT_EXCEPTIONS, life_cycle.UNCAUGHT_RECENTLY, 'where="greenlet", fatal="false"', 1),
    (names.TELEMETRY_ERRORS, telemetry_pipeline.ERRORS, 'where="sampler"', 1),
    (names.LOG_LINES_DROPPED, telemetry_pipeline.LOG_LINES_DROPPED, 'reason="closed"', 1),
    (names.SPANS_DROPPED, telemetry_pipeline.SPANS_DROPPED, 'reason="rejected"', 20),
    (names.SPANS_OVER_BUDGET, telemetry_pipeline.SPANS_OVER_BUDGET, 'reason="slow"', 20),
    (metrics.RATE_LIMITED, members.RATE_LIMITED, 'group="login"', 20),
    (metrics.RATE_LIMITED, members.RATE_LIMITED_NOW, 'group="login"', 300),
    (metrics.UNAUTHORIZED, members.UNAUTHORIZED, 'reason="forged"', 20),
    (metrics.REFUNDS, members.REFUNDS_FAILED_RECENTLY, 'status="failed"', 1),
    (metrics.REGISTRATIONS, members.REGISTERED, 'result="created"', 1),
    (metrics.LOGINS, members.LOGGED_IN, 'result="success"', 1),
    (metrics.BOOKINGS, members.BOOKED, 'result="booked"', 1),
    (metrics.BOOKINGS, members.PAID, 'result="paid"', 1),
    (metrics.PAYMENT_EVENTS, members.PAYMENT_EVENTS, 'result="refused"', 20),
]


@pytest.mark.parametrize(
    ("series", "at", "expression", "value"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_first_event_is_counted_once(tmp_path, series, at, expression, value):
    query = f"sum({filled(expression)})"
    rules = RULES.absolute() if "serene_worker:" in query else None
    assert promtool.evaluate(series, [(at, query, value)], tmp_path, rules) == ""


@pytest.mark.slow
def test_first_event_is_on_every_board(tmp_path):
    for metric, query, labels, factor in OTHER_BOARDS:
        series = one_event(metric, labels)
        expression = f"sum({filled(query)}) * {factor}"
        found = promtool.evaluate(series, [("610s", expression, 1)], tmp_path)
        assert found == "", metric.name


def test_first_error_of_the_database_is_in_its_share(tmp_path):
    name = names.DB_OPERATION_DURATION.name + "_count"
    labels = f'db_operation_name="find", db_collection_name="posts", {WORKER}'
    series = OLD | {
        f'{name}{{error_type="AutoReconnect", {labels}}}': BORN,
        f'{name}{{error_type="", {labels}}}': "_x120 3x119",
        f"mongodb_up{{{WORKER}}}": "1x239",
    }
    query = f"sum({filled(mongodb.ERROR_SHARE_NOW)})"
    assert promtool.evaluate(series, [("610s", query, 0.25)], tmp_path) == ""


@pytest.mark.parametrize("window", ["20s", "1m", "5m", "30m", "1h"])
def test_length_of_a_window_that_only_grafana_knows(tmp_path, window):
    literal = seconds(window)
    lengths = windows(rate_interval=int(literal), time_range=int(literal))
    own = Template(f"vector({seconds(WINDOW)}) + {seconds(RANGE)}").substitute(lengths)
    case = ("2h", f"{own} - 2 * {literal}", 0)
    assert promtool.evaluate({"x": "1x10"}, [case], tmp_path) == ""


def test_nothing_is_counted_where_nothing_is_new(tmp_path):
    steady = OLD | requests(503, "5x239")
    assert promtool.evaluate(steady, [("610s", f"sum({filled(ROUTE)})", 0)], tmp_path) == ""


def test_every_rate_of_the_boards_counts_first_events():
    born = re.compile(r"unless \S+")
    for text in (rate("x"), increase("x"), or_zero(total(rate("x")), READY)):
        assert born.search(text)
