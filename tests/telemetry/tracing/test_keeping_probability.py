"""The threshold that a trace carries, so that a backend can extrapolate."""

import pytest

from telemetry.tracing.decision import HeadDecision, Verdict
from telemetry.tracing.token_bucket import LATELY_SECONDS
from tests.telemetry.tracing.keepers import IN_RATIO, OUT_OF_RATIO, Kept

HALF = "ot=th:8"


def test_new_trace_of_the_ratio_carries_its_threshold():
    kept = Kept(sample_ratio=0.1)
    assert kept.head(IN_RATIO) == HeadDecision(True, "ratio", "ot=th:e666")
    assert kept.head(OUT_OF_RATIO).trace_state == ""
    assert Kept(sample_ratio=1.0).head(OUT_OF_RATIO).trace_state == "ot=th:0"
    assert Kept(sampler="always_on").head(OUT_OF_RATIO).trace_state == "ot=th:0"


def test_usual_heads_and_verdicts_are_made_once():
    kept = Kept()
    assert kept.head(IN_RATIO) is kept.head(IN_RATIO)
    assert kept.head() is kept.head(OUT_OF_RATIO, False)
    assert kept.end(kept.head(IN_RATIO)) is kept.end(kept.head(IN_RATIO))


@pytest.mark.parametrize(
    ("sampled", "sent", "passed_on"),
    [
        pytest.param(True, "ot=th:4", "ot=th:4", id="the caller's"),
        pytest.param(True, "a=1,ot=th:4;p:1,b=2", "a=1,ot=th:4;p:1,b=2", id="as it came"),
        pytest.param(True, "a=1", "a=1", id="none stays none"),
        pytest.param(True, "ot=rv:ffffffffffffff", "ot=rv:ffffffffffffff", id="randomness"),
        pytest.param(True, "ot=th:c;rv:80000000000000", "ot=rv:80000000000000", id="contradicts"),
        pytest.param(True, "ot=th:XX", "", id="malformed"),
        pytest.param(True, "ot=???,a=1", "ot=???,a=1", id="malformed entry without a threshold"),
        pytest.param(False, "ot=th:4,a=1", "ot=th:4,a=1", id="not sampled: as it came"),
        pytest.param(False, "a=1,,=,1@2=3", "a=1,1@2=3", id="by the grammar of level 2"),
    ],
)
def test_parent_based_sampler_passes_on_what_the_caller_sent(sampled, sent, passed_on):
    trace_id = (OUT_OF_RATIO | 0xA0 << 48) if sampled else OUT_OF_RATIO
    assert Kept(sample_ratio=0.1).head(trace_id, sampled, sent).trace_state == passed_on


@pytest.mark.parametrize(
    ("trace_id", "sent", "passed_on"),
    [
        (IN_RATIO, "a=1,ot=th:4;p:1", "ot=th:8;p:1,a=1"),
        (IN_RATIO, "", HALF),
        (OUT_OF_RATIO, "a=1,ot=th:4", "a=1"),
    ],
)
def test_independent_sampler_sets_its_own_threshold(trace_id, sent, passed_on):
    assert Kept(sampler="traceidratio").head(trace_id, True, sent).trace_state == passed_on


def test_threshold_of_callers_is_unknown_while_their_budget_is_too_small():
    kept = Kept(parent_sampled_per_second=1)
    some = OUT_OF_RATIO | 0x70 << 48
    states = [kept.head(some, True, "ot=th:4,a=1").trace_state for _ in range(2)]
    kept.now = 2.0
    states.append(kept.head(some, True, "ot=th:4,a=1").trace_state)
    # Those of the ratio are kept for certain: the higher of the two thresholds holds.
    states.append(kept.head(IN_RATIO, True, "ot=th:4,a=1").trace_state)
    states.append(kept.head(IN_RATIO, True, "ot=th:c,a=1").trace_state)
    kept.now += LATELY_SECONDS
    states.append(kept.head(some, True, "ot=th:4,a=1").trace_state)
    assert states == ["ot=th:4,a=1", "a=1", "a=1", "ot=th:8,a=1", "ot=th:c,a=1", "ot=th:4,a=1"]


def test_debug_trace_stands_for_itself_unless_some_were_left_out():
    kept = Kept(parent_sampled_per_second=1)
    assert [kept.head(debug="x", state="a=1").trace_state for _ in range(2)] == [
        "ot=th:0,a=1",
        "a=1",
    ]
    kept.now = 1.0
    assert kept.head(debug="x") == HeadDecision(True, "debug", "")


@pytest.mark.parametrize(
    ("sampled", "sent", "delivered"),
    [
        (None, "", "ot=th:0"),
        (False, "", "ot=th:0"),
        (False, "a=1,ot=th:4;rv:00000000000001", "ot=th:0;rv:00000000000001,a=1"),
        (True, "a=1,ot=th:4", "ot=th:0,a=1"),
    ],
)
def test_failed_trace_stands_for_itself_however_it_was_kept(sampled, sent, delivered):
    kept = Kept()
    for trace_id in (IN_RATIO, OUT_OF_RATIO):
        head = kept.head(trace_id, sampled, sent)
        assert kept.end(head, failed=True).trace_state == delivered


def test_probability_is_unknown_while_the_budget_leaves_some_of_that_kind_out():
    kept = Kept(kept_spans_per_second=1)
    before = [kept.end(failed=True) for _ in range(3)]
    assert [verdict.kept for verdict in before] == [True, False, False]
    in_ratio = kept.head(IN_RATIO)
    assert kept.end(in_ratio, failed=True) == Verdict(True, "ratio", "")
    assert kept.end(kept.head(IN_RATIO, True, "ot=th:4,a=1"), failed=True).trace_state == "a=1"
    # Of another kind none was left out, and ordinary traces have the ratio's.
    assert kept.end(in_ratio, slow=True).trace_state == "ot=th:0"
    assert kept.end(in_ratio).trace_state == HALF
    kept.now = LATELY_SECONDS + 1
    assert kept.end(failed=True) == Verdict(True, "failed", "ot=th:0")
