"""A block that goes on is counted: a hub that never comes back is killed before it could report."""

import time

import gevent
import pytest

from telemetry import native
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.telemetry.hub.monitored_hub import monitored_hub


@pytest.fixture
def hub():
    with monitored_hub() as hub:
        yield hub


@pytest.mark.slow
def test_block_that_lasts_is_counted_before_it_ends(hub):
    seen = []

    def hold():
        ends = time.monotonic() + PATIENCE_SECONDS
        while not hub.blocked().get("blocked") and time.monotonic() < ends:
            native.sleep(0.1)
        seen.append(hub.blocked().get("blocked", 0.0))
        native.sleep(0.5)

    began = time.monotonic()
    gevent.spawn(hold).join()
    took = time.monotonic() - began
    assert 0.5 < seen[0] < took - 0.5
    wait_until(lambda: hub.blocked()["blocked"] > seen[0] + 0.2, what="the rest of the block")
    assert sum(hub.blocked().values()) < took + 0.3
