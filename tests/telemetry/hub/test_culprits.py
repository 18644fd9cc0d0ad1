"""The seconds of a block go to the code whose samples saw their cause."""

import pytest

from telemetry.hub.culprits import Shares
from tests.telemetry.hub.stacks import sample


def test_computing_is_the_code_s_that_computed_also_where_the_machine_had_more_of_its_time():
    shares = Shares()
    before = sample("shop.server:read", weight_ms=1)
    mixed = sample("shop.views:show", weight_ms=800, cause="frozen")
    mixed.parts = {"cpu": 370_000_000, "frozen": 430_000_000}
    shares.add(before)
    shares.add(mixed)
    found = shares.culprits({"cpu": 0.371, "blocked": 0.0, "gil": 0.0, "frozen": 0.43})
    assert {(each.cause, each.code): each.seconds for each in found} == {
        ("cpu", "shop.server:read"): pytest.approx(0.001),
        ("cpu", "shop.views:show"): pytest.approx(0.37),
        ("frozen", "_UNKNOWN"): pytest.approx(0.43),
    }
