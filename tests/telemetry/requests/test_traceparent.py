"""Untrusted headers are parsed strictly by W3C Trace Context, and never raise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.requests.traceparent import Traceparent, parse_traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
HEX = "0123456789abcdef"

examples = settings(deadline=None, max_examples=50)


def hexes(length):
    return st.text(HEX, min_size=length, max_size=length)


def ids(length):
    return hexes(length).filter(lambda text: text.strip("0"))


@examples
@given(
    trace_id=ids(32),
    span_id=ids(16),
    flags=hexes(2),
    left=st.text(" \t", max_size=3),
    right=st.text(" \t", max_size=3),
)
def test_every_valid_header_is_read(trace_id, span_id, flags, left, right):
    bits = int(flags, 16)
    expected = Traceparent(trace_id, span_id, sampled=bool(bits & 1), random=bool(bits & 2))
    assert parse_traceparent(f"{left}00-{trace_id}-{span_id}-{flags}{right}") == expected


@examples
@given(
    version=hexes(2).filter(lambda version: version not in ("00", "ff")),
    trailing=st.one_of(st.just(""), st.text().map("-".__add__)),
)
def test_future_versions_may_add_fields_after_a_dash(version, trailing):
    assert parse_traceparent(f"{version}-{TRACE}-{SPAN}-01{trailing}") == Traceparent(
        TRACE, SPAN, sampled=True
    )


@examples
@given(st.text())
def test_any_other_text_is_no_parent(text):
    assert parse_traceparent(text) is None


@examples
@given(position=st.integers(0, 54), character=st.characters(exclude_characters=HEX + "-"))
def test_one_invalid_character_invalidates_a_header(position, character):
    header = f"00-{TRACE}-{SPAN}-01"
    spoilt = header[:position] + character + header[position + 1 :]
    # White space in front leaves one digit too few.
    assert parse_traceparent(spoilt) is None


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(f"ff-{TRACE}-{SPAN}-01", id="version ff"),
        pytest.param(f"00-{'0' * 32}-{SPAN}-01", id="trace id of zeros"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="parent id of zeros"),
        pytest.param(f"00-{TRACE.upper()}-{SPAN}-01", id="upper case"),
        pytest.param(f"00-{TRACE}-{SPAN}-01-more", id="version 00 with more"),
        pytest.param(f"00-{TRACE}-{SPAN}-01-", id="version 00 with a dash"),
        pytest.param(f"01-{TRACE}-{SPAN}-01.more", id="more without a dash"),
        pytest.param(f"01-{TRACE}-{SPAN}-012", id="flags of three digits"),
        pytest.param(f"00-{TRACE[:-1]}-{SPAN}-01", id="short trace id"),
        pytest.param(f"00-{TRACE}-{SPAN}0-01", id="long parent id"),
        pytest.param(f"00-{TRACE}-{SPAN}", id="no flags"),
        pytest.param(f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01", id="two headers"),
        pytest.param(f"\n00-{TRACE}-{SPAN}-01", id="line feed"),
        pytest.param("", id="empty"),
    ],
)
def test_header_outside_the_grammar_is_no_parent(header):
    assert parse_traceparent(header) is None
