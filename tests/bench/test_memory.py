"""What the layer adds to a worker's memory is measured, and bounded."""

import pytest

from bench import memory
from bench.cost import conditions
from bench.cost.servers import receiver

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MOST_BYTES = 17e6
"""It was 15 MB before phases, the flight recorder, the profile and the debug pages: they are 2.4 MB
of code and tables.
"""


def test_layer_adds_no_more_to_bare_flask_than_promised():
    bare, layer = conditions.chosen(["layer, every trace"], agents=False)[:2]
    assert layer.name == "layer, every trace"
    with receiver() as sink:
        found = [memory.resident_mib(one, 1, sink, requests=1000) for one in (bare, layer)]
    assert 0 < (found[1] - found[0]) * memory.MIB < MOST_BYTES


def test_steps_show_what_each_part_takes():
    resident = [figures[0] for figures in memory.step_kilobytes()]
    assert len(resident) == len(memory.STEPS)
    assert resident == sorted(resident)
