"""The boards' queries read no more samples than they may: what a board costs with many instances.

Seconds depend on the machine; samples that Prometheus reads do not. They grow in proportion to
instances and to points, so that a few of both show what 200 instances would cost.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.boards import blocks, data
from bench.boards.data import Times
from bench.boards.measuring import Cost, View, board_of
from bench.boards.server import commands, prometheus

pytestmark = [pytest.mark.backend, pytest.mark.slow]

INSTANCES = 2
END = 1_800_000_000
SCRAPE_SECONDS = 15
RANGE_SECONDS = 900
POINTS = RANGE_SECONDS // SCRAPE_SECONDS + 1

SAMPLES = {
    "home": 3400,
    "life-cycle": 2300,
    "members": 2200,
    "mongodb": 4400,
    "runtime": 2000,
    "service": 8500,
    "slow-requests": 16500,
    "telemetry-pipeline": 400,
}
"""Most samples of a board for one instance and one point of its graphs: today's and 15 %.

Prometheus counts a part that is the same at each step (``@ end()``) each time, and reads it once.
"""


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Cost]]:
    folder: Path = tmp_path_factory.mktemp("blocks")
    times = Times(END - 2 * RANGE_SECONDS, END, SCRAPE_SECONDS)
    lines = list(data.prefixes(INSTANCES))
    blocks.make(commands() / "promtool", folder, lines, [times])
    with prometheus(folder) as url:
        view = View(url, END - SCRAPE_SECONDS, RANGE_SECONDS, SCRAPE_SECONDS, {})
        yield list(view.measure())


def test_boards_read_no_more_samples_than_they_may(costs: list[Cost]) -> None:
    found: Counter[str] = Counter()
    for cost in costs:
        found[board_of(cost)] += cost.samples
    of_one = {board: samples // (INSTANCES * POINTS) for board, samples in found.items()}
    assert of_one.keys() == SAMPLES.keys()
    assert {board: of_one[board] for board in of_one if of_one[board] > SAMPLES[board]} == {}


def test_queries_had_samples_to_read(costs: list[Cost]) -> None:
    assert sum(cost.samples > 0 for cost in costs) > 0.7 * len(costs)
