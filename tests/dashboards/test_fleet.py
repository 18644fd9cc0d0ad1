"""Sums over instances that rules record: the same events as in the raw series, each once."""

import math
from pathlib import Path
from string import Template

import pytest

from dashboards import annotations, fleet, recording_rules, variables
from dashboards.board_json import windows
from dashboards.promql import summed_increase, summed_rate
from dashboards.queries import life_cycle, members, mongodb, service, slow_requests, workers
from dashboards.time_scale import LARGEST, TimeScale
from service import metrics
from telemetry import names
from tests.dashboards.fleet_series import COUNT, SUM, TWO, A, B, alive, requests, took, worker
from tests.support import promtool

pytestmark = pytest.mark.backend

RULES = Path("deploy/rules/recording.yml")
ALL = {**variables.ALL, **windows(rate_interval=120, time_range=900)}
CHOSEN = ALL | {"instance": "host/0|host/1"}
ONE = ALL | {"instance": "host/0"}
NOTHING = math.nan
STEADY = TWO | requests(A, "0+10x239") | requests(B, "0+5x239")
# One sample each five seconds; an event is in the 120th, between 595 s and 600 s.
BORN = "_x120 1x119"
ONE_FAILED = TWO | requests(A, "9x239") | requests(B, BORN, 503)

SAME = [
    ("requests", STEADY, "15m", service.REQUESTS_NOW, 3),
    ("by status", STEADY, "15m", service.REQUESTS_BY_STATUS, 3),
    ("of a version", STEADY, "15m", service.VERSION_REQUESTS, 3),
    (
        "of two versions together",
        alive(A)
        | alive(worker(1, "2.0"))
        | requests(A, "0+10x239")
        | requests(worker(1, "2.0"), "0+5x239"),
        "15m",
        service.REQUESTS_NOW,
        3,
    ),
    (
        "an instance restarts: its counter begins again",
        TWO | requests(A, "0+10x239") | requests(B, "0+5x99 0+5x139"),
        "19m",
        service.REQUESTS_NOW,
        3,
    ),
    (
        "an instance has gone",
        alive(A)
        | alive(B, "-3600x99 stale")
        | requests(A, "0+10x239")
        | requests(B, "0+5x99 stale"),
        "19m",
        service.REQUESTS_NOW,
        2,
    ),
    (
        "quantile of two instances that differ",
        TWO | took(A, "0+10x239", "0+10x239") | took(B, "0x239", "0+10x239"),
        "15m",
        service.P50,
        0.1,
    ),
    (
        "share of failures",
        STEADY | requests(B, "0+5x239", 503),
        "15m",
        service.FAILED_SHARE_NOW,
        0.25,
    ),
    ("one failure, none before: share", ONE_FAILED, "11m", service.FAILED_SHARE_NOW, 1),
    ("nothing failed", STEADY, "15m", f"sum({service.FAILURES_BY_ROUTE})", 0),
    ("nothing is there", {}, "15m", service.REQUESTS_NOW, NOTHING),
]
"""Case, series, time, query, and the value of it for all and for all chosen instances."""

EVENTS = [
    (names.SLOW_REQUESTS, 'http_route="/a", dominant_phase="db"', slow_requests.SLOW_RECENTLY),
    (
        names.ABORTED_REQUESTS,
        'http_route="/a", reason="killed", http_response_status_code="200"',
        life_cycle.CUT_RECENTLY,
    ),
    (names.UNCAUGHT_EXCEPTIONS, 'where="greenlet", fatal="false"', life_cycle.UNCAUGHT_RECENTLY),
    (metrics.REFUNDS, 'status="failed"', members.REFUNDS_FAILED_RECENTLY),
    (metrics.BOOKINGS, 'result="booked"', members.BOOKED),
    (
        names.POOL_CLEARED,
        'db_client_connection_pool_name="db:27017", reason="error"',
        mongodb.CLEARED_RECENTLY.replace("mongodb_up", "process_start_time_seconds"),
    ),
]


def evaluate(tmp_path: Path, series: dict[str, str], *expected: tuple[str, str, float]) -> str:
    return promtool.evaluate(series, expected, tmp_path, rules=RULES.absolute(), interval="15s")


def with_values(query: str, values: dict[str, str]) -> str:
    return f"sum({Template(query).substitute(values)})"


@pytest.mark.parametrize(
    ("series", "at", "query", "value"), [case[1:] for case in SAME], ids=[case[0] for case in SAME]
)
def test_sums_of_all_instances_are_those_of_the_raw_series(
    tmp_path: Path, series: dict[str, str], at: str, query: str, value: float
) -> None:
    found = evaluate(
        tmp_path,
        series,
        (at, with_values(query, ALL), value),
        (at, with_values(query, CHOSEN), value),
    )
    assert found == ""


OF_WORKERS = [
    ("requests", STEADY, service.WORKER_REQUESTS, (1, 2)),
    ("failures", STEADY | requests(B, "0+5x239", 503), service.WORKER_FAILED_SHARE, (0, 0.5)),
    (
        "p99",
        TWO | took(A, "0+10x239", "0+10x239") | took(B, "0x239", "0+10x239"),
        service.WORKER_P99,
        (0.1, 0.25),
    ),
    (
        "mean latency",
        STEADY | {f'{SUM}{{http_route="/posts", {A}}}': "0+1x239"},
        workers.LATENCY_BY_WORKER,
        (0.1, 0.1),
    ),
]
"""Case, series, query, and its least and largest value of the two instances."""


@pytest.mark.parametrize(
    ("series", "query", "values"),
    [case[1:] for case in OF_WORKERS],
    ids=[case[0] for case in OF_WORKERS],
)
def test_recorded_requests_of_an_instance_are_those_of_its_raw_series(
    tmp_path: Path, series: dict[str, str], query: str, values: tuple[float, float]
) -> None:
    probes = requests(A, "0+1000x239", route="/api/v1/health")
    of_all, of_a_route = (
        Template(query).substitute(ALL | {"route": route}) for route in (".*", "/posts")
    )
    expected = [
        ("15m", f"round({function}({text}), 0.01)", value)
        for text in (of_all, of_a_route)
        for function, value in zip(("min", "max"), values, strict=True)
    ]
    assert evaluate(tmp_path, series | probes, *expected) == ""


def test_requests_of_instances_read_no_raw_series_while_all_routes_are_selected(
    tmp_path: Path,
) -> None:
    # Without the rules' series there is nothing.
    query = with_values(service.WORKER_REQUESTS, ALL)
    assert promtool.evaluate(STEADY, [("15m", query, NOTHING)], tmp_path) == ""


C = worker(2, "2.0")
ROLLED_OUT = TWO | {
    f"process_start_time_seconds{{{C}}}": "_x120 600x119",
    f'service_state{{state="ready", {C}}}': "_x120 1x119",
    f'service_state{{state="draining", {A}}}': "0x99 1x9 0x130",
    f'service_state{{state="draining", {B}}}': "0x239",
}
"""A version that starts after ten minutes, and a drain shortly before."""


@pytest.mark.parametrize("values", [ALL, CHOSEN | {"instance": "host/.+"}], ids=["all", "chosen"])
def test_marks_of_versions_and_drains_are_those_of_the_raw_series(
    tmp_path: Path, values: dict[str, str]
) -> None:
    version, drains = (
        Template(text).substitute(values) for text in (annotations.NEW_VERSIONS, annotations.DRAINS)
    )
    found = evaluate(
        tmp_path,
        ROLLED_OUT,
        ("8m", f"sum({version})", NOTHING),
        ("8m", f"sum({drains})", NOTHING),
        ("9m", f"sum({drains})", 1),
        ("11m", f"sum({version})", 600_000),
        ("11m", f"sum({drains})", 1),
        ("14m", f"sum({drains})", NOTHING),
        ("17m", f"sum({version})", NOTHING),
    )
    assert found == ""


def test_a_chosen_instance_is_alone(tmp_path: Path) -> None:
    query = with_values(service.REQUESTS_NOW, ONE)
    assert evaluate(tmp_path, STEADY, ("15m", query, 2)) == ""


def test_all_instances_read_no_raw_series(tmp_path: Path) -> None:
    # Without the rules' series there is nothing to add up.
    query = with_values(service.REQUESTS_NOW, ALL)
    assert promtool.evaluate(STEADY, [("15m", query, NOTHING)], tmp_path) == ""


@pytest.mark.parametrize(
    ("metric", "labels", "query"), EVENTS, ids=[metric.name for metric, *_ in EVENTS]
)
def test_the_first_event_of_all_instances_is_one(
    tmp_path: Path, metric: names.Metric, labels: str, query: str
) -> None:
    series = TWO | {f"{metric.name}{{{labels}, {B}}}": BORN}
    seen = with_values(query, ALL)
    assert evaluate(tmp_path, series, ("9m", seen, 0), ("13m", seen, 1)) == ""


def test_a_failure_among_requests_has_its_share_while_it_is_in_the_window(tmp_path: Path) -> None:
    # In five minutes 180 requests succeed; the sums count the failure for a minute longer.
    series = TWO | requests(A, "0+3x239") | requests(B, BORN, 503)
    share = with_values(service.FAILED_SHARE_NOW, ALL)
    found = evaluate(
        tmp_path,
        series,
        ("9m", share, 0),
        ("12m", share, round(1 / 181, 3)),
        ("17m", share, 0),
    )
    assert found == ""


def test_mean_over_a_window_counts_the_time_before_a_series_began(tmp_path: Path) -> None:
    window = "10m"
    rate = with_values(summed_rate(metrics.REFUNDS, window=window), ALL)
    increase = with_values(summed_increase(metrics.REFUNDS, window=window), ALL)
    series = TWO | {f'{metrics.REFUNDS.name}{{status="failed", {A}}}': "_x120 6x119"}
    found = evaluate(
        tmp_path, series, ("12m", f"{rate} * 100", 1), ("12m", increase, 6), ("18m", increase, 6)
    )
    assert found == ""


def test_a_query_of_what_no_rule_records_is_refused() -> None:
    with pytest.raises(KeyError, match="serene_expired_documents_total"):
        summed_rate(metrics.EXPIRED_DOCUMENTS)


def test_windows_of_scaled_rules_hold_four_scrapes_of_a_second() -> None:
    (group,) = (
        one for one in recording_rules.groups(TimeScale(LARGEST)) if one["name"] == "serene-fleet"
    )
    (rule,) = (one for one in group["rules"] if one["record"] == fleet.SUMS[COUNT].record)
    assert f"{COUNT}[4s]" in rule["expr"]


def test_clock_offset_names_the_instance_whose_clock_is_ahead(tmp_path: Path) -> None:
    clock = names.CLOCK.name
    # A sample each five seconds, with the time at which it was taken; one clock is ahead.
    series = TWO | {f"{clock}{{{A}}}": "0+5x239", f"{clock}{{{B}}}": "0+5x119 720+5x119"}
    worst = with_values(life_cycle.CLOCK_OFFSET_WORST, ALL)
    by_worker = Template(life_cycle.CLOCK_OFFSET_BY_WORKER).substitute(ALL)
    ahead = f'sum(({by_worker}) and on(service_instance_id) up{{service_instance_id="host/1"}})'
    found = evaluate(
        tmp_path,
        series | {f"up{{{B}}}": "1x239"},
        ("9m", worst, 0),
        ("15m", worst, 120),
        ("15m", ahead, 120),
        ("15m", with_values(life_cycle.CLOCK_OFFSET_MEDIAN, ALL), 60),
    )
    assert found == ""


def test_oldest_unsettled_payment_is_that_of_any_instance(tmp_path: Path) -> None:
    unsettled = metrics.PAYMENTS_UNSETTLED.name
    series = TWO | {f"{unsettled}{{{A}}}": "0x239", f"{unsettled}{{{B}}}": "0x119 5+5x119"}
    oldest = with_values(members.PAYMENTS_UNSETTLED, ALL)
    assert evaluate(tmp_path, series, ("9m", oldest, 0), ("15m", oldest, 305)) == ""
