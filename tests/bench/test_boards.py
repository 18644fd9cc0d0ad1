"""What a board reads with 200 instances over a day, and that its sums are those of raw series.

Seconds depend on the machine; samples that Prometheus reads do not. They are a part for each
instance and a part for all of them, for each point of a graph: data of two and of four instances
show both, each of two versions.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.boards import blocks, data, measuring
from bench.boards.data import Times
from bench.boards.measuring import Cost, View
from bench.boards.server import prometheus
from dashboards.board_json import Query
from dashboards.promql import RANGE

pytestmark = [pytest.mark.backend, pytest.mark.slow]

END = 1_800_003_600
SCRAPE_SECONDS = 15
RANGE_SECONDS = 600
DATA_SECONDS = 1980
FEW, SOME = 2, 4

INSTANCES = 200
DAY_SECONDS = 86_400
MOST_SAMPLES = 10e6
"""Of a query, for 200 instances over a day. A rank (``@ end()``) counts for ten minutes only:
Prometheus counts it again at each step, and reads it once.
"""
MOST_SAMPLES_OF_A_BOARD = 60e6

OVER_AN_HOUR = "[1h]"
"""A window longer than the data: ``increase`` extrapolates over it, and the sums do not."""


@dataclass(frozen=True)
class Both:
    """What one query cost with few and with some instances."""

    query: Query
    few: Cost
    some: Cost
    times: float
    """As many points, or as long a window, has a day more than the range that was read."""

    @property
    def of_a_day(self) -> float:
        """Samples that it reads with 200 instances over a day."""
        of_one = (self.some.samples - self.few.samples) / (SOME - FEW)
        of_all = self.few.samples - FEW * of_one
        return (of_all + INSTANCES * of_one) * self.times


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, View]]:
    """Views of the same range, by the number of instances."""
    with ExitStack() as stack:
        found = {}
        for instances in (FEW, SOME):
            folder: Path = tmp_path_factory.mktemp(f"blocks-{instances}")
            scrapes = Times(END - DATA_SECONDS, END + SCRAPE_SECONDS, SCRAPE_SECONDS)
            blocks.make(folder, data.parts(instances, scrapes, DATA_SECONDS))
            blocks.evaluate_rules(folder, Times(scrapes.start + 75, scrapes.end, SCRAPE_SECONDS))
            url = stack.enter_context(prometheus(folder))
            found[instances] = View(url, END, RANGE_SECONDS, SCRAPE_SECONDS, {}, DAY_SECONDS)
        yield found


@pytest.fixture(scope="module")
def costs(views: dict[int, View]) -> list[Both]:
    found = []
    for query in measuring.everything():
        few, some = (views[number].ask(query) for number in (FEW, SOME))
        found.append(Both(query, few, some, times(views[FEW], query)))
    return found


def times(view: View, query: Query) -> float:
    if query.instant:
        return DAY_SECONDS / RANGE_SECONDS if RANGE in query.expression else 1.0
    step = view.step(query)
    return (DAY_SECONDS // step + 1) / (RANGE_SECONDS // step + 1)


def test_no_query_reads_more_samples_than_it_may(costs: list[Both]) -> None:
    over = {
        f"{one.query.board}: {one.query.panel}, {one.query.legend}": one.of_a_day
        for one in costs
        if one.of_a_day > MOST_SAMPLES
    }
    assert over == {}


@pytest.mark.parametrize("board", measuring.boards())
def test_no_board_reads_more_samples_than_it_may(costs: list[Both], board: str) -> None:
    own = [one.of_a_day for one in costs if one.query.board == board]
    assert 0 < sum(own) < MOST_SAMPLES_OF_A_BOARD


def test_queries_had_series_to_read(costs: list[Both]) -> None:
    panels = [one for one in costs if one.query not in measuring.VARIABLES]
    assert sum(bool(one.some.result) for one in panels) > 0.8 * len(panels)


@pytest.mark.parametrize("board", measuring.boards())
def test_all_instances_show_what_each_one_chosen_shows(
    views: dict[int, View], costs: list[Both], board: str
) -> None:
    all_of_them = views[SOME]
    chosen = View(
        all_of_them.url,
        all_of_them.end,
        RANGE_SECONDS,
        SCRAPE_SECONDS,
        {"instance": "|".join(f"host-0/{slot}" for slot in range(SOME))},
        DAY_SECONDS,
    )
    different = [
        f"{one.query.panel}, {one.query.legend}"
        for one in costs
        if one.query.board == board and OVER_AN_HOUR not in one.query.expression
        if differ(one.some.result, chosen.ask(one.query).result)
    ]
    assert different == []


def differ(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> bool:
    """Return whether two results have other series, times or values, but for rounding."""
    one, other = by_labels(left), by_labels(right)
    return one.keys() != other.keys() or any(
        len(values) != len(other[labels])
        or any(not alike(a, b) for a, b in zip(values, other[labels], strict=True))
        for labels, values in one.items()
    )


def by_labels(result: list[dict[str, Any]]) -> dict[tuple[tuple[str, str], ...], list[Any]]:
    return {
        tuple(sorted(series["metric"].items())): series.get("values") or [series["value"]]
        for series in result
    }


def alike(one: tuple[float, str], other: tuple[float, str]) -> bool:
    left, right = float(one[1]), float(other[1])
    same = math.isclose(left, right, rel_tol=1e-6, abs_tol=1e-9)
    return one[0] == other[0] and (same or (math.isnan(left) and math.isnan(right)))
