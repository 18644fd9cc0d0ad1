"""Every blocked second is counted once, in bounded series that never decrease."""

import random

import pytest

from telemetry.hub.blocked_seconds import HOUR_SECONDS, KNOWN_CODES, NAMED_CODES, BlockedSeconds
from telemetry.hub.culprits import Culprit
from telemetry.names import OTHER_CODE, UNKNOWN_CODE


class Counter:
    """The counter with a clock that a test moves."""

    def __init__(self):
        self.now = 1000.0
        self.counter = BlockedSeconds(clock=lambda: self.now)

    def add(self, code, seconds, cause="cpu"):
        self.counter.add([Culprit(cause, code, None, seconds)])

    def series(self):
        [family] = self.counter.collect()
        return {
            (sample.labels["kind"], sample.labels["code"]): sample.value
            for sample in family.samples
        }


@pytest.fixture
def counter():
    return Counter()


def test_others_are_there_from_the_start(counter):
    assert counter.series() == {
        (cause, OTHER_CODE): 0.0 for cause in ("cpu", "blocked", "gil", "frozen")
    }


def test_costliest_have_names_and_the_rest_is_other(counter):
    for number in range(NAMED_CODES):
        counter.add(f"shop:f{number}", 1.0 + number)
    counter.add("shop:cheap", 0.5)
    series = counter.series()
    assert series["cpu", "shop:f0"] == 1.0
    assert series["cpu", OTHER_CODE] == 0.5
    assert ("cpu", "shop:cheap") not in series


def test_code_that_becomes_costlier_takes_the_place_of_the_cheapest(counter):
    for number in range(NAMED_CODES):
        counter.add(f"shop:f{number}", 1.0 + number)
    counter.add("shop:new", 0.9)
    counter.add("shop:new", 0.2)
    series = counter.series()
    assert series["cpu", "shop:new"] == pytest.approx(0.2)
    assert series["cpu", OTHER_CODE] == pytest.approx(0.9)
    assert ("cpu", "shop:f0") not in series
    counter.add("shop:f0", 0.05)
    assert counter.series()["cpu", OTHER_CODE] == pytest.approx(0.95)
    counter.add("shop:f0", 3.0)
    assert counter.series()["cpu", "shop:f0"] == pytest.approx(4.0), "it goes on from where it was"


def test_hour_that_is_over_costs_nothing(counter):
    for number in range(NAMED_CODES):
        counter.add(f"shop:f{number}", 100.0)
    counter.now += HOUR_SECONDS + 60
    counter.add("shop:new", 0.1)
    assert counter.series()["cpu", "shop:new"] == 0.1
    assert counter.counter.costliest() == [("shop:new", 0.1)]


def test_what_was_not_seen_has_a_series_by_cause(counter):
    counter.add(UNKNOWN_CODE, 0.3, "frozen")
    assert counter.series()["frozen", UNKNOWN_CODE] == 0.3


def test_each_second_is_in_one_series_and_none_decreases_whatever_happens(counter):
    chance = random.Random(12)
    shown = counter.series()
    for _ in range(3000):
        counter.now += chance.expovariate(1 / 20)
        seconds = chance.choice([0.05, 0.1, 1.0, 5.0])
        cause = chance.choice(["cpu", "blocked"])
        counter.add(f"shop:f{int(chance.paretovariate(0.5)) % 400}", seconds, cause)
        series = counter.series()
        changed = {
            key: value - shown.get(key, 0.0)
            for key, value in series.items()
            if value != shown.get(key, 0.0)
        }
        assert list(changed.values()) == [pytest.approx(seconds)]
        assert len({code for _, code in series} - {OTHER_CODE}) <= NAMED_CODES
        shown |= series


def test_codes_are_forgotten_when_there_are_too_many(counter):
    for number in range(2 * KNOWN_CODES):
        counter.now += 1
        counter.add(f"shop:f{number}", 0.05 if number >= NAMED_CODES else 9.0)
    assert len(counter.counter._codes) == KNOWN_CODES
    assert counter.series()["cpu", "shop:f0"] == 9.0


def test_block_that_lasts_is_counted_while_it_does(counter):
    def culprits(seconds):
        return [Culprit("cpu", "shop:f", None, seconds)]

    counter.counter.add_lasting(culprits(1.0))
    counter.counter.add_lasting(culprits(2.5))
    assert counter.series()["cpu", "shop:f"] == 2.5
    counter.counter.add(culprits(3.0))
    assert counter.series()["cpu", "shop:f"] == 3.0
    counter.add("shop:f", 1.0)
    assert counter.series()["cpu", "shop:f"] == 4.0


def test_lasting_block_that_turns_out_to_be_another_s_is_counted_once(counter):
    random.seed(2)
    codes = [UNKNOWN_CODE, *(f"shop:f{number}" for number in range(4))]
    total, before = 0.0, counter.series()
    for _ in range(300):
        lasts = 0.0
        for _ in range(random.randrange(1, 6)):
            lasts += random.random()
            shares = [random.random() for _ in codes]
            parts = [
                Culprit(random.choice(["cpu", "blocked"]), code, None, lasts * share / sum(shares))
                for code, share in zip(codes, shares, strict=True)
            ]
            counter.counter.add_lasting(parts)
            now = counter.series()
            assert all(now[key] >= seconds for key, seconds in before.items())
            assert sum(now.values()) == pytest.approx(total + lasts)
            before = now
        counter.counter.add(parts)
        total += lasts
        assert sum(counter.series().values()) == pytest.approx(total)
