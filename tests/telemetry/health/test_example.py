"""The report against the example that the user wrote, member by member."""

import copy
import json

import pytest

from telemetry import names
from tests.telemetry.health.example import EXAMPLE, differences
from tests.telemetry.health.test_report import fill


def test_example_is_like_itself():
    assert differences(EXAMPLE) == []


@pytest.mark.parametrize(
    ("place", "value", "difference"),
    [
        (("system", "memory", "usedPercentage"), 45.2, "is not of the type of '45.2%'"),
        (("system", "memory", "usedPercentage"), "45%", "is not in the format of '45.2%'"),
        (("system", "cpu", "loadAverage"), {"1m": 1.5}, "is no list of 3"),
        (("system", "cpu", "loadAverage"), [1.5], "is no list of 3"),
        (("services", "database", "status"), "up", "is not one of"),
        (("responseTime",), 15, "is not of the type of '15ms'"),
        (("responseTime",), "0.015s", "is not in the format of '15ms'"),
        (("success",), 1, "is not of the type of True"),
        (("services", "database"), None, "no object"),
        (("uptime",), "1 h", "is not of the type of 3600.5"),
    ],
)
def test_comparison_finds_each_kind_of_difference(place, value, difference):
    changed = copy.deepcopy(EXAMPLE)
    parent = changed
    for name in place[:-1]:
        parent = parent[name]
    parent[place[-1]] = value
    (found,) = differences(changed)
    assert found.startswith(".".join(place))
    assert difference in found
    del parent[place[-1]]
    assert differences(changed) == [f"{'.'.join(place)}: missing"]


def test_report_is_like_the_example(health, lifecycle, metrics, check_database, clock):
    lifecycle.ready()
    health.expect_database()
    fill(metrics)
    metrics.histogram(names.REQUEST_DURATION).labels("GET", "/", "200").observe(0.01)
    check_database()
    clock.now += 5.0
    health.sample()
    assert differences(json.loads(json.dumps(health.report().body))) == []


def test_report_of_a_dead_database_has_the_same_words(health, lifecycle, metrics, check_database):
    lifecycle.ready()
    health.expect_database()
    check_database(up=False)
    body = health.report().body
    assert (body["success"], body["status"]) == (False, "unhealthy")
    assert body["services"]["database"]["status"] == "disconnected"
    assert health.readiness().body["evidence"]["database"]["status"] == "disconnected"
