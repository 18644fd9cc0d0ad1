"""The objectives: routes that exist, bounds of the histogram, and the health report's defaults."""

import pytest

from service import objectives
from service.settings import telemetry_config
from telemetry import names
from telemetry.health import HealthPaths
from tests.service.expected_routes import ROUTES

SERVED = {(route["method"], route["path"]) for route in ROUTES}
NAMED = [route for one in objectives.ROUTE_CLASSES for route in one.routes]


def test_classes_name_existing_routes_once_and_the_first_has_the_rest():
    assert set(NAMED) - SERVED == set()
    assert len(NAMED) == len(set(NAMED))
    assert [one.name for one in objectives.ROUTE_CLASSES if not one.routes] == ["interactive"]
    assert [one.name for one in objectives.ROUTE_CLASSES if one.routes and not one.reason] == []


def test_bounds_of_classes_are_bounds_of_the_histogram():
    assert {one.seconds for one in objectives.ROUTE_CLASSES} <= set(names.REQUEST_DURATION.buckets)


def test_health_report_has_its_target_and_staleness_from_the_objectives():
    config = telemetry_config({})
    assert config.sla_target_seconds == objectives.LATENCY_SECONDS
    stale = config.health_interval_seconds * config.health_stale_intervals
    assert stale == objectives.FRESHNESS_SECONDS
    assert HealthPaths.under(config.health_prefix) == objectives.HEALTH_ROUTES


@pytest.mark.parametrize("burn", [*objectives.PAGE, *objectives.TICKET])
def test_windows_of_burn_rates_are_recorded(burn):
    assert {burn.long, burn.short} <= set(objectives.WINDOWS)


def test_burn_rates_spend_the_workbooks_shares_of_the_budget():
    hours = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}
    month = objectives.BUDGET_DAYS * 24
    spent = [
        round(burn.rate * hours[burn.long] / month, 3)
        for burn in (*objectives.PAGE, *objectives.TICKET)
    ]
    assert spent == [0.02, 0.05, 0.1, 0.1]


def test_warning_comes_before_the_limit():
    limits = [one for one in vars(objectives).values() if isinstance(one, objectives.Limits)]
    assert limits
    assert all(one.warn < one.bad for one in limits)
