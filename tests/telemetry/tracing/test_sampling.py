"""Samplers: a ratio that holds on UUIDs, a budget for callers' flags, children that follow."""

import uuid

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from telemetry.config import TelemetryConfig
from telemetry.names import SPANS
from telemetry.tracing.sampling import RatioSampler

NOT_IN_ANY_RATIO = 0x1234 << 64
STATE = TraceState([("vendor", "1")])


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def sampler_of(metrics, now):
    def build(**settings):
        return RatioSampler(TelemetryConfig(**settings), metrics.counter(SPANS), lambda: now[0])

    return build


@pytest.fixture
def decisions(metrics):
    def read():
        counter = metrics.counter(SPANS)
        return {
            decision: int(counter.labels(decision)._value.get())
            for decision in ("sampled", "not_sampled", "over_budget")
        }

    return read


def parent(*, sampled, remote):
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    return set_span_in_context(
        NonRecordingSpan(SpanContext(NOT_IN_ANY_RATIO, 1, remote, flags, STATE)), Context()
    )


@pytest.mark.parametrize("ratio", [0.01, 0.1, 0.25, 0.5, 0.75, 0.99])
def test_share_of_uuids_is_the_ratio(sampler_of, ratio):
    sampler, count = sampler_of(sample_ratio=ratio), 20_000
    kept = sum(
        sampler.should_sample(Context(), uuid.uuid4().int, "x").decision
        is Decision.RECORD_AND_SAMPLE
        for _ in range(count)
    )
    # Five standard deviations: wrong once in 1.7 million runs.
    assert abs(kept - ratio * count) < 5 * (ratio * (1 - ratio) * count) ** 0.5


@pytest.mark.parametrize(("ratio", "kept"), [(0.0, 0), (1.0, 500)])
def test_ratio_of_none_and_all_is_exact(sampler_of, ratio, kept):
    sampler = sampler_of(sample_ratio=ratio)
    ids = [0, 2**128 - 1, *(uuid.uuid4().int for _ in range(498))]
    assert (
        sum(sampler.should_sample(None, trace_id, "x").decision.is_sampled() for trace_id in ids)
        == kept
    )


def test_a_smaller_ratio_keeps_a_subset(sampler_of):
    few, many = sampler_of(sample_ratio=0.1), sampler_of(sample_ratio=0.3)
    ids = [uuid.uuid4().int for _ in range(2000)]
    kept = [
        {
            trace_id
            for trace_id in ids
            if sampler.should_sample(None, trace_id, "x").decision.is_sampled()
        }
        for sampler in (few, many)
    ]
    assert set() < kept[0] < kept[1]


def test_sampled_flags_of_callers_are_honoured_within_the_budget(sampler_of, now, decisions):
    sampler = sampler_of(sample_ratio=0.0, parent_sampled_per_second=2)
    flag = parent(sampled=True, remote=True)
    honoured = []
    for moment in (0.0, 0.0, 0.0, 0.5, 0.5, 100.0, 100.0, 100.0):
        now[0] = moment
        honoured.append(sampler.should_sample(flag, NOT_IN_ANY_RATIO, "x").decision.is_sampled())
    assert honoured == [True, True, False, True, False, True, True, False]
    assert decisions() == {"sampled": 5, "not_sampled": 0, "over_budget": 3}


def test_beyond_the_budget_the_ratio_decides(sampler_of):
    sampler = sampler_of(sample_ratio=1.0, parent_sampled_per_second=0)
    assert sampler.should_sample(
        parent(sampled=True, remote=True), NOT_IN_ANY_RATIO, "x"
    ).decision.is_sampled()


def test_trace_that_the_ratio_keeps_spends_no_budget(sampler_of):
    sampler = sampler_of(sample_ratio=0.5, parent_sampled_per_second=1)
    flag = parent(sampled=True, remote=True)
    assert [
        sampler.should_sample(flag, trace_id, "x").decision.is_sampled()
        for trace_id in (2**56 - 1, 2**56 - 1, 0, 0)
    ] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("remote", [True, False])
def test_a_parent_that_is_not_kept_has_no_children(sampler_of, remote, decisions):
    sampler = sampler_of(sample_ratio=1.0)
    assert (
        sampler.should_sample(parent(sampled=False, remote=remote), 2**128 - 1, "x").decision
        is Decision.DROP
    )
    assert decisions() == {"sampled": 0, "not_sampled": 1, "over_budget": 0}


def test_local_children_follow_and_spend_no_budget(sampler_of):
    sampler = sampler_of(sample_ratio=0.0, parent_sampled_per_second=0)
    child_of = parent(sampled=True, remote=False)
    assert all(
        sampler.should_sample(child_of, NOT_IN_ANY_RATIO, "x").decision.is_sampled()
        for _ in range(10)
    )


@pytest.mark.parametrize("sampled", [True, False])
def test_result_carries_attributes_and_the_parents_tracestate(sampler_of, sampled):
    result = sampler_of().should_sample(
        parent(sampled=sampled, remote=True), 1, "x", attributes={"a": 1}
    )
    assert (dict(result.attributes), result.trace_state) == ({"a": 1} if sampled else {}, STATE)


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("always_on", "AlwaysOnSampler"),
        ("always_off", "AlwaysOffSampler"),
        ("traceidratio", "TraceIdRatioBased{0.25}"),
        ("parentbased_always_on", "ParentBased{root:AlwaysOnSampler}"),
        ("parentbased_always_off", "ParentBased{root:AlwaysOffSampler}"),
        ("parentbased_traceidratio", "ParentBased{root:TraceIdRatioBased{0.25}}"),
    ],
)
def test_description_names_the_sampler(sampler_of, name, description):
    assert sampler_of(sampler=name, sample_ratio=0.25).get_description() == description


@pytest.mark.parametrize(
    ("name", "without_parent", "under_sampled", "under_not_sampled"),
    [
        ("always_on", [True, True], [True, True], [True, True]),
        ("always_off", [False, False], [False, False], [False, False]),
        ("traceidratio", [True, False], [True, False], [True, False]),
        ("parentbased_always_on", [True, True], [True, True], [False, False]),
        ("parentbased_always_off", [False, False], [True, True], [False, False]),
        ("parentbased_traceidratio", [True, False], [True, True], [False, False]),
    ],
)
def test_samplers_decide_as_the_specification_defines(
    sampler_of, name, without_parent, under_sampled, under_not_sampled
):
    sampler = sampler_of(sampler=name, sample_ratio=0.5)
    in_ratio_and_not = (2**56 - 1, NOT_IN_ANY_RATIO)

    def decisions_under(context):
        return [
            sampler.should_sample(context, trace_id, "x").decision.is_sampled()
            for trace_id in in_ratio_and_not
        ]

    assert decisions_under(Context()) == without_parent
    assert decisions_under(parent(sampled=True, remote=True)) == under_sampled
    assert decisions_under(parent(sampled=False, remote=True)) == under_not_sampled
