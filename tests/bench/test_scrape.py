"""A scrape of 10,000 series blocks the hub far shorter than prometheus_client's renderer on it."""

import statistics

import pytest

from bench.scrape import VARIANTS, measure

pytestmark = pytest.mark.e2e


def test_scrape_blocks_the_hub_less_than_a_third_as_long() -> None:
    outcomes = measure(rounds=3, scrapes=4)
    _, on_hub, on_management_port = (
        statistics.median(outcome.stall for outcome in outcomes[variant]) for variant in VARIANTS
    )
    assert on_management_port * 3 <= on_hub
