"""Decimal numbers from tables are those that a format makes."""

from hypothesis import example, given
from hypothesis import strategies as st

from telemetry.decimals import milliseconds, six_decimals

SECONDS = st.floats(0, 1e6) | st.floats(0, 0.02)


@given(SECONDS)
@example(0.0)
@example(0.009994)
@example(0.009996)
@example(0.01)
def test_milliseconds_have_two_decimals(seconds):
    text = milliseconds(seconds)
    assert abs(float(text) - seconds * 1e3) <= 0.005 + seconds * 1e-9
    assert text == f"{float(text):.2f}"


@given(SECONDS)
@example(0.0)
@example(0.999_999_4)
@example(0.999_999_6)
@example(1.0)
def test_seconds_have_six_decimals(seconds):
    text = six_decimals(seconds)
    assert abs(float(text) - seconds) <= 5e-7 + seconds * 1e-9
    assert text == f"{float(text):.6f}"


def test_negative_numbers_are_written_by_the_format():
    assert (milliseconds(-0.5), six_decimals(-0.5)) == ("-500.00", "-0.500000")
