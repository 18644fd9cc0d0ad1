"""Code that holds the hub is named, whatever it does with the interpreter, and none is wronged."""

import collections

import pytest

from tests.telemetry.hub.planted import plant_all


@pytest.mark.slow
def test_planted_code_is_named_and_no_other():
    total = sum(plant_all(4).values(), collections.Counter())
    # A machine that gives the sampling thread no processor lets it see less, and never wrong.
    assert total["wrong"] == 0
    assert total["right"] + total["its caller"] >= total["not named"]
