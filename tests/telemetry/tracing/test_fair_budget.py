"""A budget that keys share by max-min fairness, within a bound that holds whatever they ask."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.tracing.fair_budget import MAX_KEYS, OVERFLOW, FairBudget, water_level
from telemetry.tracing.token_bucket import LATELY_SECONDS, TokenBucket

examples = settings(deadline=None, max_examples=50)

QUIET, LOUD, LOUDER = ("/quiet", "failed"), ("/loud", "slow"), ("/louder", "slow")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def run(budget, clock, seconds, rates, amount=1):
    """Ask evenly for so many amounts a second; returns units granted a second, by key."""
    events = sorted(
        ((index + 0.5) / rate, key)
        for key, rate in rates.items()
        for index in range(round(seconds * rate))
    )
    began, granted = clock.now, dict.fromkeys(rates, 0)
    for at, key in events:
        clock.now = began + at
        granted[key] += amount * budget.take(key, amount)
    clock.now = began + seconds
    return {key: units / seconds for key, units in granted.items()}


@pytest.mark.parametrize(
    ("capacity", "demands", "level"),
    [
        (10, [], math.inf),
        (10, [2, 3], math.inf),
        (10, [5, 5], math.inf),
        (10, [2, 20], 8),
        (10, [2, 3, 20], 5),
        (9, [9, 9, 9], 3),
        (0, [1], 0),
        (0, [0, 1], 0),
    ],
)
def test_water_level(capacity, demands, level):
    assert water_level(capacity, demands) == level


@examples
@given(st.floats(0, 1e6), st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_water_level_is_max_min_fair(capacity, demands):
    level = water_level(capacity, sorted(demands))
    granted = sum(min(demand, level) for demand in demands)
    assert granted <= capacity * (1 + 1e-9) + 1e-9
    # No capacity is left over where a demand is not met.
    assert level == math.inf or granted >= capacity * (1 - 1e-9) - 1e-9


def test_what_is_asked_below_the_budget_is_granted(clock):
    budget = FairBudget(100, clock)
    asked = {QUIET: 3, LOUD: 60, LOUDER: 30}
    assert run(budget, clock, 20, asked) == asked


@pytest.mark.parametrize(
    ("rates", "fair"),
    [
        pytest.param({QUIET: 5, LOUD: 1000}, {QUIET: 5, LOUD: 95}, id="quiet and loud"),
        pytest.param(
            {QUIET: 10, LOUD: 100, LOUDER: 1000},
            {QUIET: 10, LOUD: 45, LOUDER: 45},
            id="a loud one beside a louder one",
        ),
        pytest.param({LOUD: 500, LOUDER: 500}, {LOUD: 50, LOUDER: 50}, id="equals"),
        pytest.param({LOUD: 1000}, {LOUD: 100}, id="alone"),
    ],
)
def test_shares_are_max_min_fair(clock, rates, fair):
    budget = FairBudget(100, clock)
    run(budget, clock, 8, rates)
    granted = run(budget, clock, 30, rates)
    assert granted == pytest.approx(fair, rel=0.05, abs=0.2)


def test_an_incident_that_makes_every_route_slow_leaves_each_reason_its_share(clock):
    budget = FairBudget(200, clock)
    routes = [f"/{index}" for index in range(10)]
    calm = {(route, "failed"): 0.5 for route in routes}
    run(budget, clock, 60, calm)
    incident = calm | {(route, "slow"): 5 + 20 * index for index, route in enumerate(routes)}
    run(budget, clock, 8, incident)
    granted = run(budget, clock, 30, incident)
    fair = water_level(200, sorted(incident.values()))
    for key, rate in incident.items():
        assert granted[key] == pytest.approx(min(rate, fair), rel=0.15, abs=0.2)
    assert sum(granted.values()) == pytest.approx(200, rel=0.02)


def test_key_that_nobody_expected_gets_a_share_of_a_window_that_is_spent(clock):
    budget = FairBudget(100, clock)
    run(budget, clock, 5, {LOUD: 1000})
    clock.now += 0.01
    assert sum(budget.take(LOUD, 1) for _ in range(300)) == 100
    assert budget.take(QUIET, 5)
    assert not budget.take(LOUD, 1)


def test_credit_is_paid_back(clock):
    budget = FairBudget(100, clock)
    granted = 0
    for second in range(100):
        # In each window another key arrives after a loud one has taken everything.
        rates = {LOUD: 1000}
        granted += sum(run(budget, clock, 0.5, rates).values()) * 0.5
        granted += sum(run(budget, clock, 0.5, {(f"/{second}", "failed"): 400}).values()) * 0.5
    assert granted <= 100 * 100 + 2 * 100 + 1


def test_trace_larger_than_the_share_is_granted_and_paid_for_by_its_own_key(clock):
    budget = FairBudget(10, clock)
    assert budget.take(LOUD, 100)
    large = small = 0
    for tenth in range(1, 2001):
        clock.now = 1000 + tenth / 10
        large += budget.take(LOUD, 100)
        small += tenth % 10 == 5 and budget.take(QUIET, 1)
    assert 200 - 2 * large <= small <= 200
    assert 10 <= large <= (10 * 200 - small) / 100 + 1


def test_burst_after_silence_is_a_second_of_budget(clock):
    budget = FairBudget(50, clock)
    clock.now += 3600
    assert sum(budget.take(LOUD, 1) for _ in range(500)) == 50


@pytest.mark.parametrize("amount", [1, 10_000])
def test_budget_of_nothing_grants_nothing(clock, amount):
    budget = FairBudget(0, clock)
    for _ in range(5):
        assert not budget.take(LOUD, amount)
        clock.now += 100
    assert budget.refused_lately(QUIET)


@pytest.mark.parametrize("per_second", [1e12, 1e308, math.inf])
def test_enormous_budget_grants_everything(clock, per_second):
    budget = FairBudget(per_second, clock)
    for index in range(2000):
        assert budget.take((f"/{index % 400}", "slow"), 10_000)
        clock.now += 0.01
    assert not budget.refused_lately(LOUD)


def test_small_budget_grants_its_rate_and_every_key_in_turn(clock):
    budget = FairBudget(0.5, clock)
    granted = run(budget, clock, 400, {QUIET: 5, LOUD: 20})
    assert sum(granted.values()) == pytest.approx(0.5, rel=0.1)
    assert granted[QUIET] == pytest.approx(granted[LOUD], rel=0.3)


def test_refusals_are_remembered_by_key_for_a_while(clock):
    budget = FairBudget(2, clock)
    assert not budget.refused_lately(LOUD)
    run(budget, clock, 3, {LOUD: 10, QUIET: 0.5})
    assert (budget.refused_lately(LOUD), budget.refused_lately(QUIET)) == (True, False)
    clock.now += LATELY_SECONDS
    assert not budget.refused_lately(LOUD)


def test_keys_are_bounded_and_the_others_share_one(clock):
    budget = FairBudget(10, clock, max_keys=4)
    for second in range(5):
        for index in range(200):
            budget.take((f"/{second}/{index}", "slow"), 1)
        clock.now += 1
    assert len(budget._shares) <= 4 + 1
    assert len(budget._refused) <= 4 + 2
    assert OVERFLOW in budget._shares
    assert budget.refused_lately(("/never/seen", "slow"))
    assert MAX_KEYS >= 100


asking = st.lists(
    st.tuples(
        st.floats(0, 2),
        st.sampled_from([(f"/{index}", "slow") for index in range(6)]),
        st.integers(1, 50),
    ),
    max_size=300,
)


@examples
@given(st.one_of(st.just(0.5), st.floats(1, 200)), asking)
def test_bound_holds_whatever_is_asked(per_second, events):
    clock = Clock()
    budget = FairBudget(per_second, clock)
    grants = []
    for wait, key, amount in events:
        clock.now += wait
        if budget.take(key, amount):
            grants.append((clock.now, amount))
    largest = max((amount for _, amount in grants), default=0)
    for index, (began, _) in enumerate(grants[::10]):
        total = 0
        for at, amount in grants[index * 10 :]:
            total += amount
            assert total <= per_second * (at - began) + 3 * per_second + largest + 1e-6


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 20), st.integers(1, 6))
def test_key_below_its_equal_share_is_never_refused(rate, others):
    clock = Clock()
    keys = [(f"/{index}", "slow") for index in range(others)]
    budget = FairBudget(20 * (others + 1), clock)
    rates = dict.fromkeys(keys, 100) | {QUIET: rate}
    run(budget, clock, 8, rates)
    assert run(budget, clock, 5, rates)[QUIET] == rate


def test_bucket_never_holds_more_than_a_second_of_tokens(clock):
    bucket = TokenBucket(0.5, clock)
    taken = []
    for moment in (0.0, 1.0, 2.0, 1000.0, 1000.0):
        clock.now = 1000.0 + moment
        taken.append(bucket.take())
    assert taken == [True, False, True, True, False]


def test_bucket_remembers_a_refusal_for_a_while(clock):
    bucket = TokenBucket(1, clock)
    assert bucket.take()
    assert not bucket.refused_lately()
    assert not bucket.take()
    assert bucket.refused_lately()
    clock.now += LATELY_SECONDS
    assert not bucket.refused_lately()
