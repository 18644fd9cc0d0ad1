"""Which traces are kept: by a ratio at their start, by what happened at their end."""

import uuid
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.requests.tracestate import header_of, read_members
from telemetry.tracing.decision import DECISIONS, HeadDecision, Verdict
from telemetry.tracing.keeping import HEAD_DECISIONS, OVER_BUDGET_REASONS
from tests.telemetry.tracing.keepers import CUT, IN_RATIO, OUT_OF_RATIO, Kept


def decisions(kept, *sampled, **more):
    return [kept.head(OUT_OF_RATIO, each, **more).decision for each in sampled]


# --- the ratio ------------------------------------------------------------------------------------
@pytest.mark.parametrize("ratio", [0.01, 0.1, 0.25, 0.5, 0.75, 0.99])
def test_share_of_uuids_is_the_ratio(ratio):
    kept, count = Kept(sample_ratio=ratio), 20_000
    found = sum(kept.head(uuid.uuid4().int).kept for _ in range(count))
    # Five standard deviations: wrong once in 1.7 million runs.
    assert abs(found - ratio * count) < 5 * (ratio * (1 - ratio) * count) ** 0.5


@pytest.mark.parametrize(("ratio", "all_kept"), [(0.0, False), (1.0, True)])
def test_ratio_of_none_and_all_is_exact(ratio, all_kept):
    kept = Kept(sample_ratio=ratio)
    ids = [1, 2**56 - 1, 2**128 - 1, *(uuid.uuid4().int for _ in range(500))]
    assert {kept.head(trace_id).kept for trace_id in ids} == {all_kept}


def test_a_smaller_ratio_keeps_a_subset():
    few, many = Kept(sample_ratio=0.1), Kept(sample_ratio=0.3)
    ids = [uuid.uuid4().int for _ in range(2000)]
    by_few = {each for each in ids if few.head(each).kept}
    by_many = {each for each in ids if many.head(each).kept}
    assert set() < by_few < by_many


def test_explicit_randomness_counts_instead_of_the_id():
    kept = Kept(sampler="traceidratio")
    assert kept.head(OUT_OF_RATIO, True, "ot=rv:ffffffffffffff").decision == "ratio"
    assert kept.head(IN_RATIO, True, "ot=rv:00000000000000").decision == "not_kept"
    assert kept.head(IN_RATIO, True, "ot=rv:malformed").decision == "ratio"


# --- the head decision ----------------------------------------------------------------------------
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
@pytest.mark.parametrize("state", ["", "vendor=1"])
def test_samplers_decide_as_the_specification_defines(
    name, without_parent, under_sampled, under_not_sampled, state
):
    kept = Kept(sampler=name)

    def under(sampled):
        return [kept.head(each, sampled, state).kept for each in (IN_RATIO, OUT_OF_RATIO)]

    assert under(None) == without_parent
    assert under(True) == under_sampled
    assert under(False) == under_not_sampled


@pytest.mark.parametrize("state", ["", "vendor=1"])
def test_sampled_flags_of_callers_are_honoured_within_the_budget(state):
    kept = Kept(sample_ratio=0.0, parent_sampled_per_second=2)
    found = []
    for kept.now in (0.0, 0.0, 0.0, 0.5, 0.5, 100.0, 100.0, 100.0):
        found += decisions(kept, True, state=state)
    assert found == [
        "caller",
        "caller",
        "over_budget",
        "caller",
        "over_budget",
        "caller",
        "caller",
        "over_budget",
    ]


def test_beyond_the_budget_the_ratio_decides():
    kept = Kept(sample_ratio=1.0, parent_sampled_per_second=0)
    assert kept.head(OUT_OF_RATIO, True).decision == "ratio"


def test_trace_that_the_ratio_keeps_spends_no_budget():
    kept = Kept(parent_sampled_per_second=1)
    ids = (IN_RATIO, IN_RATIO, OUT_OF_RATIO, OUT_OF_RATIO)
    assert [kept.head(each, True).decision for each in ids] == [
        "ratio",
        "ratio",
        "caller",
        "over_budget",
    ]


@pytest.mark.parametrize("state", ["", "vendor=1"])
def test_parent_in_this_process_is_followed_and_spends_no_budget(state):
    kept = Kept(sample_ratio=0.0, parent_sampled_per_second=0)
    assert decisions(kept, *[True] * 10, remote=False, state=state) == ["caller"] * 10
    assert decisions(kept, False, remote=False, state=state) == ["not_kept"]


def test_debug_header_keeps_a_trace_whatever_the_caller_and_the_ratio_decide():
    kept = Kept(sample_ratio=0.0)
    assert decisions(kept, None, False, True, debug="Jaeger-Debug-Id") == ["debug"] * 3


def test_debug_headers_have_a_budget_of_their_own():
    kept = Kept(sample_ratio=0.0, parent_sampled_per_second=2)
    assert decisions(kept, True, True, True) == ["caller", "caller", "over_budget"]
    assert decisions(kept, None, False, None, debug="x") == ["debug", "debug", "over_budget"]
    assert kept.head(IN_RATIO, None, debug="x").decision == "over_budget"
    assert Kept(parent_sampled_per_second=0).head(IN_RATIO, debug="x").decision == "ratio"


# --- the verdict ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("end", "decision"),
    [
        pytest.param({}, "not_kept", id="ordinary"),
        pytest.param({"outcome": "rejected"}, "not_kept", id="refused in a drain"),
        pytest.param({"failed": True}, "failed", id="failed"),
        pytest.param({"slow": True}, "slow", id="slow"),
        pytest.param({"failed": True, "slow": True}, "failed", id="failed and slow"),
        *(pytest.param({"outcome": each}, each, id=each) for each in CUT),
        *(
            pytest.param({"outcome": each, "failed": True}, each, id=f"{each}, failed")
            for each in CUT
        ),
    ],
)
@pytest.mark.parametrize("sampled", [None, False])
def test_what_happened_decides_on_a_trace_that_the_head_does_not_keep(end, decision, sampled):
    kept = Kept()
    head = kept.head(OUT_OF_RATIO, sampled)
    state = "ot=th:0" if decision != "not_kept" else ""
    assert (head.kept, head.records) == (False, True)
    assert kept.end(head, **end) == Verdict(decision != "not_kept", decision, state)


@pytest.mark.parametrize("end", [{}, {"failed": True}, {"slow": True}, {"outcome": "killed"}])
@pytest.mark.parametrize(
    ("head", "decision"),
    [
        ({"trace_id": IN_RATIO}, "ratio"),
        ({"trace_id": IN_RATIO, "sampled": True}, "ratio"),
        ({"sampled": True}, "caller"),
        ({"sampled": True, "state": "ot=th:0"}, "caller"),
        ({"debug": "x"}, "debug"),
    ],
)
def test_head_decision_is_never_taken_back(head, decision, end):
    kept = Kept(kept_spans_per_second=0)
    verdict = kept.end(kept.head(**head), **end)
    assert (verdict.kept, verdict.decision) == (True, decision)


@pytest.mark.parametrize(
    ("settings", "records"),
    [
        ({"sampler": "always_off"}, False),
        ({"sampler": "parentbased_always_off"}, True),
        ({"keep_failed_and_slow": False}, False),
        ({"sample_ratio": 0.0}, True),
    ],
)
@pytest.mark.parametrize("head", [{}, {"sampled": False}, {"sampled": False, "state": "a=1"}])
def test_spans_record_only_where_they_may_be_kept(settings, records, head):
    assert Kept(**settings).head(**head).records is records


def test_always_off_keeps_nothing_at_all():
    kept = Kept(sampler="always_off")
    for sampled in (None, True, False):
        head = kept.head(IN_RATIO, sampled, "a=1", debug="x")
        assert head == HeadDecision(False, "not_kept", "a=1", False)
        assert kept.end(head, failed=True) == Verdict(False, "not_kept")


def test_without_the_setting_only_the_head_decides():
    kept = Kept(keep_failed_and_slow=False)
    assert kept.end(kept.head(), failed=True) == Verdict(False, "not_kept")
    assert kept.end(kept.head(IN_RATIO), failed=True) == Verdict(True, "ratio", "ot=th:8")


def test_flag_beyond_the_budget_is_counted_at_the_end_with_its_spans():
    kept = Kept(parent_sampled_per_second=0)
    head = kept.head(OUT_OF_RATIO, True)
    assert kept.end(head, spans=7) == Verdict(False, "over_budget")
    assert kept.end(head, failed=True).decision == "failed"
    assert kept.left_out == {"caller": 7}


def test_flag_beyond_the_budget_is_counted_where_nothing_is_recorded():
    kept = Kept(parent_sampled_per_second=0, keep_failed_and_slow=False)
    for state, debug in (("", ""), ("ot=th:8", ""), ("", "x")):
        assert kept.head(OUT_OF_RATIO, True, state, debug=debug).decision == "over_budget"
    assert kept.left_out == {"caller": 3}


def test_budget_counts_spans_and_what_it_leaves_out_is_counted_by_reason():
    kept = Kept(kept_spans_per_second=10)
    for _ in range(4):
        kept.end(spans=4, failed=True)
    assert kept.end(spans=5, route="/other", slow=True) == Verdict(True, "slow", "ot=th:0")
    assert kept.end(spans=3, route="/third", outcome="killed").kept
    assert kept.end(spans=5, route="/other", slow=True) == Verdict(False, "over_budget")
    assert kept.left_out == {"failed": 4, "slow": 5}


def test_head_decisions_spend_nothing_of_the_budget():
    kept = Kept(kept_spans_per_second=1)
    for _ in range(100):
        assert kept.end(kept.head(IN_RATIO), failed=True).kept
    assert kept.end(failed=True).kept


def test_budget_of_nothing_keeps_nothing_beyond_the_head():
    kept = Kept(kept_spans_per_second=0)
    assert kept.end(spans=2, failed=True) == Verdict(False, "over_budget")
    assert kept.left_out == {"failed": 2}


def test_incident_that_makes_everything_slow_leaves_failures_of_each_route_traceable():
    kept = Kept(sample_ratio=0.0, kept_spans_per_second=100)
    found = Counter()
    for tick in range(60_000):
        kept.now = tick / 1000  # 1,000 slow requests a second on /busy, 100 on each of the others
        route = "/busy" if tick % 10 < 7 else f"/{tick % 10}"
        failing = tick % 500 == 7
        found[route, "failed" if failing else "slow"] += kept.end(
            spans=2, route=route, failed=failing, slow=True
        ).kept
    assert found["/7", "failed"] == 60_000 / 500
    slow = [found[route, "slow"] for route in ("/busy", "/7", "/8", "/9")]
    assert min(slow) > 0.75 * max(slow)
    assert sum(found.values()) * 2 == pytest.approx(60 * 100, rel=0.06)
    assert sum(found.values()) * 2 + kept.left_out.total() == 120_000


# --- anything -------------------------------------------------------------------------------------
@settings(deadline=None, max_examples=300)
@given(
    trace_id=st.integers(1, 2**128 - 1),
    sampled=st.sampled_from([None, True, False]),
    state=st.one_of(st.just(""), st.text("ot=th:rv0189af;,@ ", max_size=60)),
    debug=st.sampled_from(["", "x"]),
    sampler=st.sampled_from(
        ["always_on", "always_off", "traceidratio", "parentbased_traceidratio"]
    ),
    outcome=st.sampled_from(["completed", "failed", *CUT]),
    failed=st.booleans(),
    slow=st.booleans(),
    budget=st.sampled_from([0.0, 1.0, 1e9]),
)
def test_every_decision_is_a_known_one_and_every_state_is_valid(
    trace_id, sampled, state, debug, sampler, outcome, failed, slow, budget
):
    kept = Kept(sampler=sampler, kept_spans_per_second=budget)
    head = kept.head(trace_id, sampled, state, debug=debug)
    verdict = kept.end(head, outcome=outcome, failed=failed, slow=slow)
    assert head.kept == (head.decision in HEAD_DECISIONS)
    assert verdict.decision in DECISIONS
    assert verdict.kept or not head.kept
    assert head.records or not verdict.kept
    assert set(kept.left_out) <= set(OVER_BUDGET_REASONS)
    for header in (head.trace_state, verdict.trace_state):
        assert header_of(read_members(header)) == header
