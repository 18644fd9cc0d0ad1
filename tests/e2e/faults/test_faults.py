"""Each fault that can be pressed fires its alert, changes panels of its board, and is over once it
is released.

One drill over all faults on one stack, with rules at short windows from the objectives; see
``drill``. It takes about seven minutes, most of which alerts spend waiting.
"""

import re

import pytest

from dashboards.alerts.routing import INHIBITIONS
from stack.faults import press
from stack.faults.catalogue import FAULTS
from tests.e2e.faults.drill import SEQUENCE, TRACKS, Drill
from tests.e2e.faults.follower import HELD, RUNBOOKS
from tests.e2e.faults.stand import drill_stand, notified, wait_for_metrics
from tests.support.loki import query_lines
from tests.support.polling import wait_until_equal

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

ALERTS = {fault.alert for fault in FAULTS.values()}


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    with drill_stand(tmp_path_factory.mktemp("drill")) as stand:
        wait_for_metrics(stand.stack)
        yield stand


@pytest.fixture(scope="module")
def stack(stand):
    return stand.stack


@pytest.fixture(scope="module")
def drill(stand):
    drill = Drill(stand)
    drill.run()
    return drill


@pytest.fixture(scope="module")
def observations(drill):
    return drill.observations


def test_every_fault_is_pressed_once():
    assert sorted([*(name for track in TRACKS for name in track), *SEQUENCE]) == sorted(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_alert_fires_and_ends(observations, name):
    found = observations[name]
    assert found.problem == ""
    assert found.fired_seconds is not None
    assert found.resolved_seconds is not None


@pytest.mark.parametrize("name", FAULTS)
def test_panels_of_the_alerts_board_change(observations, name):
    assert observations[name].panels != []


@pytest.mark.parametrize("name", FAULTS)
def test_every_query_of_its_runbook_shows_something(observations, name):
    assert observations[name].silent == []


def test_what_has_no_button_is_planted(drill):
    assert drill.planted.problems == []


@pytest.mark.parametrize("rule", RUNBOOKS, ids=str)
def test_alert_fires_and_every_query_of_its_runbook_shows_something(drill, rule):
    assert drill.follower.silent[rule] == []


def test_rules_that_fire_are_all_rules(drill):
    assert drill.follower.fired == {*RUNBOOKS, HELD}


def test_commands_of_runbooks_show_the_cause(drill):
    assert drill.planted.missing == {}


def test_everything_is_restored(stack, observations):
    assert press.on_now(stack) == []


def test_every_alert_is_notified_or_held_back_by_its_cause(stack, observations):
    # One that ends before its group is due is notified once, as resolved.
    sent = {one["labels"]["alertname"] for one in notified(stack)}
    causes = [one for one in INHIBITIONS if one.cause in sent]
    held_back = {
        alert for alert in ALERTS for one in causes if re.fullmatch(one.effects, alert) is not None
    }
    assert ALERTS - sent - held_back == set()


def test_every_press_and_release_is_a_line_in_loki(stack, observations):
    query = '{service_name="serene-stack"} | event=~"fault.*"'
    wait_until_equal(
        lambda: {
            (line.labels["event"], line.labels["fault"])
            for line in query_lines(stack.url("loki"), query)
        },
        {(event, name) for event in ("fault.on", "fault.off") for name in FAULTS},
    )
