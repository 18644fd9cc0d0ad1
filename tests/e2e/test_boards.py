"""Every query of every board on a live stack on which each fault was pressed that a panel shows.

With every variable at All and at one value it has data; where 0 stands for "nothing happened", it
has been more. Each value of a label that a query names was there, and each metric has its kind.
"""

import math
import re
import time

import pytest
import requests

from dashboards.panels import EXEMPLARS
from dashboards.variables import ALL
from tests.e2e.boards.live import Live
from tests.e2e.boards.presses import WITH_RESTARTS, WITHOUT_RESTARTS, press
from tests.e2e.boards.stand import running_stand, wait_for_scrapes
from tests.e2e.metrics import query
from tests.support import boards, known_metrics
from tests.support.boards import Asked
from tests.support.code_texts import constants
from tests.support.promql import tree

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

BOARDS = sorted({asked.board for asked in boards.of_panels()})

NOT_REPORTED = {
    "mongodb_opcounters_total": "FerretDB's serverStatus has no opcounters",
    "mongodb_network_bytes_total": "FerretDB's serverStatus has no network",
    "mongodb_server_connections": "FerretDB's serverStatus has no connections",
}
"""Metrics that only MongoDB itself reports; with FerretDB their panels stay empty."""

_ALERTS = "tests/e2e/faults sees each alert fire; here the rules have their real windows"
NOT_PRESSED: dict[str, str] = {
    "home: Alerts, page": _ALERTS,
    "home: Alerts, ticket": _ALERTS,
    "home: Alerts that fire, For": _ALERTS,
    "service: Alerts that fire, For": _ALERTS,
    "members: Failed refunds, failed": (
        "stripe-mock settles every refund; tests/service/payments sends the events"
    ),
    "telemetry-pipeline: Tempo: spans discarded, {{reason}}": (
        "Tempo stores a trace of 6 MB, and no setting of the stack lowers its limits"
    ),
    "life-cycle: Uncaught exceptions by place, of them fatal": (
        "ends its worker; tests/telemetry/server raises it"
    ),
    "runtime: Workers, Growth": "compares with the memory of an hour before",
    "runtime: Memory growth, most": "compares with the memory of an hour before",
}
"""Panels whose fault cannot be pressed here, as ``board: title, legend``, and why."""

VALUES_OF_OTHERS = {"rate_limited": "a reason of Tempo, which has no series before its first event"}
"""Values of labels that queries name and that nothing here exposes, and why."""


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    with running_stand(tmp_path_factory.mktemp("boards")) as running:
        yield running


@pytest.fixture(scope="module")
def lost_before_restarts(stand):
    """The number of losses that the board shows, and the one that the parts have counted."""
    press(stand, WITHOUT_RESTARTS)
    with stand.silence():
        return settled_loss(stand)


@pytest.fixture(scope="module")
def live(stand, lost_before_restarts):
    press(stand, WITH_RESTARTS)
    time.sleep(20)  # a step of the recording rules, and a window of the rates
    wait_for_scrapes(stand)
    return Live(stand)


def settled_loss(stand):
    """Both numbers, once they are equal for two steps of the rules, or after minutes."""
    seen = [(0.0, 0.0)]
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and (
        len(seen) < 3 or seen[-1] != seen[-2] or seen[-1][0] != seen[-1][1]
    ):
        time.sleep(16)
        (found,) = query(stand.stack.url("prometheus"), "serene:telemetry_lost:sum1h")
        seen.append((float(found["value"][1]), counted_loss(stand)))
    return seen[-1]


def counted_loss(stand):
    """What the workers, the Collector and Tempo have counted themselves since they began."""
    of_workers = sum(
        worker.total("telemetry_spans_dropped_total")
        + worker.total("telemetry_log_lines_dropped_total")
        for worker in stand.workers()
    )
    collector = f"http://127.0.0.1:{stand.stack.port('collector', 'metrics')}/metrics"
    text = requests.get(collector, timeout=30).text
    failed = re.findall(
        r"^otelcol_exporter_(?:send|enqueue)_failed_(?:spans|log_records|metric_points){.*} (\S+)$",
        text,
        re.MULTILINE,
    )
    tempo = requests.get(f"{stand.stack.url('tempo')}/metrics", timeout=30).text
    discarded = re.findall(
        r'^tempo_discarded_spans_total{reason="(?!rate_limited).*} (\S+)$', tempo, re.MULTILINE
    )
    return of_workers + sum(map(float, failed)) + sum(map(float, discarded))


def test_lost_in_the_last_hour_is_what_the_parts_have_counted(lost_before_restarts):
    shown, counted = lost_before_restarts
    assert shown == counted
    assert counted > 0


@pytest.mark.parametrize("board", BOARDS)
def test_every_query_has_data_with_variables_at_all(live, board):
    asked = [one for one in boards.of_panels() if one.board == board]
    assert {str(one): why for one in asked if (why := lacking(live, one, ALL))} == {}


@pytest.mark.parametrize("board", BOARDS)
def test_every_query_has_data_with_variables_at_one_value(live, board):
    asked = [one for one in boards.of_panels() if one.board == board]
    assert [
        str(one)
        for one in asked
        if not is_exempt(live, one)
        and not any(live.numbers(one, values) for values in live.single_values(one))
    ] == []


def is_exempt(live, asked: Asked) -> bool:
    if str(asked) in NOT_PRESSED or asked.legend == EXEMPLARS:
        return True  # test_exemplars_name_traces_that_tempo_has asks for what the latter are for
    return asked.source == "prometheus" and any(
        selector.name in NOT_REPORTED for selector in tree.selectors(live.parse(asked))
    )


def lacking(live, asked: Asked, values) -> str:
    """What a query lacks; empty where it has data, and more than a zero that stands for nothing."""
    if is_exempt(live, asked):
        return ""
    numbers = live.numbers(asked, values)
    if not numbers:
        return "no data"
    wrapped = asked.source == "prometheus" and tree.has_zero_instead_of_nothing(live.parse(asked))
    return "always 0" if wrapped and not any(number > 0 for number in numbers) else ""


def test_panels_of_metrics_that_ferretdb_lacks_are_empty(live):
    found = [
        str(one)
        for one in boards.of_panels()
        if one.source == "prometheus"
        and any(s.name in NOT_REPORTED for s in tree.selectors(live.parse(one)))
        and live.numbers(one, ALL)
    ]
    assert found == []


def test_every_annotation_has_an_event(live):
    asked = [one for one in boards.of_annotations() if one.board == "home"]
    # Faults are pressed by `./serene fault`, which tests/e2e/faults does.
    asked = [one for one in asked if one.where not in {"@Faults", "@Alerts"}]
    assert [str(one) for one in asked if not live.numbers(one, ALL)] == []


def test_every_variable_has_values(live):
    for asked in boards.of_variables():
        assert live.values_of(asked), str(asked)


def test_every_named_value_of_a_label_exists(live):
    in_code = constants()
    unseen = {
        f"{selector.name}{{{matcher.label}: {alternative}}}"
        for asked in [*boards.of_panels(), *boards.of_rules()]
        if asked.source == "prometheus"
        for selector in tree.selectors(live.parse(asked))
        if selector.name not in NOT_REPORTED
        for matcher in selector.matchers
        for alternative in matcher.alternatives()
        if alternative not in {"", "..*", ".*", *in_code, *VALUES_OF_OTHERS}
        and not any(
            matcher.matches(alternative, value) or is_same_bound(matcher, alternative, value)
            for value in live.label_values(selector.name, matcher.label)
        )
    }
    assert "\n".join(sorted(unseen)) == ""


def is_same_bound(matcher, alternative: str, value: str) -> bool:
    """Return whether two spellings of a bucket's bound are one number: ``1`` and ``1.0``."""
    return matcher.label == "le" and float(alternative) == float(value)


def test_metrics_of_others_have_the_kind_that_is_assumed(live):
    exposed = live.metadata()
    wrong = {
        name: (metric.kind, exposed[name])
        for name, metric in known_metrics.THEIRS.items()
        if name in exposed and exposed[name] not in {metric.kind, "unknown"}
    }
    assert wrong == {}
    assert "tempo_distributor_spans_received_total" in exposed


def test_exemplars_name_traces_that_tempo_has(live):
    asked = [one for one in boards.of_panels() if one.exemplars]
    assert asked
    assert [str(one) for one in asked if not live.exemplar_traces(one)] == []


def test_number_that_is_not_finite_is_no_data(live):
    asked = Asked("-", "-", "stat", "prometheus", "0 / vector(0)")
    assert live.numbers(asked, ALL) == []
    assert math.isnan(float("nan"))
