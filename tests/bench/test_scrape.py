"""A scrape of 10,000 series holds the hub far shorter than prometheus_client's own renderer on it
would."""

import statistics

import pytest

from bench.scrape import VARIANTS, measure

pytestmark = pytest.mark.e2e


def test_scrape_holds_the_hub_less_than_a_third_as_long():
    seen = measure(rounds=3, scrapes=4)
    _, stock, ours = (
        statistics.median(outcome.stall for outcome in seen[variant]) for variant in VARIANTS
    )
    assert ours * 3 <= stock
