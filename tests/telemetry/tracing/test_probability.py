"""Thresholds and the entry ``ot``: what is read of callers, what is set, and what is left alone."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.requests.tracestate import MAX_MEMBERS, header_of, read_members
from telemetry.tracing.probability import (
    RANDOM_BITS,
    REJECTS_ALL,
    read_sent,
    sub_keys_of,
    threshold_of,
    threshold_text,
    with_threshold,
)

examples = settings(deadline=None, max_examples=200)


# The rows of 4 digits in the specification's table of 1-in-N thresholds.
@pytest.mark.parametrize(
    ("one_in", "text"),
    [
        (1, "0"),
        (2, "8"),
        (3, "aaab"),
        (4, "c"),
        (5, "cccd"),
        (8, "e"),
        (10, "e666"),
        (16, "f"),
        (100, "fd70a"),
        (1000, "ffbe77"),
        (10_000, "fff9724"),
        (100_000, "ffff583a"),
        (1_000_000, "ffffef39"),
    ],
)
def test_threshold_is_the_specifications(one_in, text):
    assert threshold_text(threshold_of(1 / one_in)) == text


@pytest.mark.parametrize(
    ("ratio", "threshold"),
    [(0.0, REJECTS_ALL), (2.0**-57, REJECTS_ALL), (2.0**-53, REJECTS_ALL - 8), (1.0, 0)],
)
def test_threshold_at_the_limits(ratio, threshold):
    assert threshold_of(ratio) == threshold


@examples
@given(st.floats(1e-12, 1))
def test_threshold_keeps_the_ratio_to_four_digits_and_is_read_back(ratio):
    threshold = threshold_of(ratio)
    kept = (REJECTS_ALL - threshold) / REJECTS_ALL
    assert abs(kept - ratio) <= 1e-3 * min(ratio, 1 - ratio) + 1e-15
    assert read_sent(f"ot=th:{threshold_text(threshold)}").threshold == threshold


@examples
@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_ratio_has_no_higher_threshold(one, other):
    small, large = sorted((one, other))
    assert threshold_of(small) >= threshold_of(large)


@pytest.mark.parametrize(
    ("header", "threshold", "randomness"),
    [
        pytest.param("", None, None, id="no list"),
        pytest.param("vendor=th:8", None, None, id="no entry of OpenTelemetry"),
        pytest.param("ot=th:0", 0, None, id="zero"),
        pytest.param("ot=th:c", 0xC << 52, None, id="short, filled with zeros"),
        pytest.param("ot=th:ffffffffffffff", REJECTS_ALL - 1, None, id="14 digits"),
        pytest.param("ot=th:fffffffffffffff", None, None, id="15 digits"),
        pytest.param("ot=th:", None, None, id="no digit"),
        pytest.param("ot=th:C", None, None, id="upper case"),
        pytest.param("ot=th:x", None, None, id="not hexadecimal"),
        pytest.param("ot=rv:6e6d1a75832a2f", None, 0x6E6D1A75832A2F, id="explicit randomness"),
        pytest.param("ot=rv:6e6d1a75832a2", None, None, id="randomness of 13 digits"),
        pytest.param("ot=rv:6e6d1a75832a2ff", None, None, id="randomness of 15 digits"),
        pytest.param("ot=rv:6E6D1A75832A2F", None, None, id="randomness in upper case"),
        pytest.param("ot=p:8;th:8;rv:00000000000001", 8 << 52, 1, id="among others"),
        pytest.param("ot=x;th:8;:;B:1", 8 << 52, None, id="bad sub-keys take no good one along"),
        pytest.param("ot=th:8;th:4", 8 << 52, None, id="the first of two counts"),
        pytest.param("a=1,ot=th:8,ot=th:4", 8 << 52, None, id="the first of two entries counts"),
    ],
)
def test_entry_is_read(header, threshold, randomness):
    sent = read_sent(header)
    assert (sent.threshold, sent.randomness) == (threshold, randomness)


@pytest.mark.parametrize(
    ("before", "threshold", "after"),
    [
        pytest.param("", 0, "ot=th:0", id="new"),
        pytest.param("a=1,b=2", 8 << 52, "ot=th:8,a=1,b=2", id="new, in front of others"),
        pytest.param("a=1,ot=th:4,b=2", 8 << 52, "ot=th:8,a=1,b=2", id="changed, moved to front"),
        pytest.param("a=1,ot=th:8,b=2", 8 << 52, "a=1,ot=th:8,b=2", id="equal: left where it is"),
        pytest.param("ot=rv:00000000000001;p:8", 0, "ot=th:0;rv:00000000000001;p:8", id="others"),
        pytest.param("ot=th:4;zz:1", None, "ot=zz:1", id="erased, unknown sub-key kept"),
        pytest.param("a=1,ot=th:4", None, "a=1", id="erased, nothing left"),
        pytest.param("a=1,ot=th:xyz", None, "a=1", id="a malformed one is erased too"),
        pytest.param("a=1,ot=p:8", None, "a=1,ot=p:8", id="nothing to erase"),
        pytest.param("a=1,ot=???", None, "a=1,ot=???", id="malformed entry passed through"),
        pytest.param("ot=???;p:8", 0, "ot=th:0;p:8", id="malformed part of a changed entry"),
        pytest.param(f"ot=a:{'x' * 254}", 0, f"ot=a:{'x' * 254}", id="no room: left alone"),
        pytest.param(
            f"a=1,ot=th:8;a:{'x' * 246}",
            0x123456 << 32,
            f"ot=a:{'x' * 246},a=1",
            id="no room: the old one is not true any more",
        ),
    ],
)
def test_threshold_is_set_and_erased(before, threshold, after):
    members = read_members(before)
    assert header_of(with_threshold(members, threshold)) == after
    assert header_of(members) == before


def test_new_entry_in_a_full_list_costs_the_rightmost():
    full = read_members(",".join(f"k{index}=v" for index in range(MAX_MEMBERS)))
    changed = with_threshold(full, 0)
    assert list(changed)[:2] == ["ot", "k0"]
    assert (len(changed), "k31" in changed) == (MAX_MEMBERS, False)


@examples
@given(st.text(max_size=300))
def test_any_entry_is_read(text):
    assert all(key.isalnum() for key in sub_keys_of(text))


@examples
@given(st.text("ot=hrv:;,0189af", max_size=200))
def test_any_list_is_read_and_changed_to_a_valid_one(text):
    sent = read_sent(text)
    for threshold in (None, 0, 8 << 52):
        header = header_of(with_threshold(sent.members, threshold))
        assert header_of(read_members(header)) == header
        assert read_sent(header).threshold in {threshold, None}


def test_ids_of_requests_have_enough_random_bits():
    low = [uuid.uuid4().int & ((1 << RANDOM_BITS) - 1) for _ in range(4000)]
    for bit in range(RANDOM_BITS):
        ones = sum(value >> bit & 1 for value in low)
        assert abs(ones - 2000) < 6 * 1000**0.5
