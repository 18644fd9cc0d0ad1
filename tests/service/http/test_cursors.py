"""Cursors as text: every text that matches the pattern is accepted, and nothing else."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from service.http import cursors
from service.mongo.cursor import Cursor

MILLISECONDS = st.integers(min_value=0, max_value=4_102_444_800_000)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
CURSOR_TEXT = TypeAdapter(cursors.CursorText)


@pytest.mark.slow
@given(milliseconds=MILLISECONDS, slug=NAMES)
@example(milliseconds=0, slug="a\nb")
@example(milliseconds=4_102_444_800_000, slug="\U0010ffff" * 200)
def test_decoding_an_encoded_cursor_returns_it(milliseconds, slug):
    cursor = Cursor(
        datetime.fromtimestamp(milliseconds // 1000, UTC).replace(
            microsecond=milliseconds % 1000 * 1000
        ),
        slug,
    )
    assert cursors.decode(CURSOR_TEXT.validate_python(cursors.encode(cursor))) == cursor


NO_CURSORS = [
    "",
    "\udc80",
    "0" * 12,
    "0" * 12 + "00",
    "0" * 12 + "6",
    "0" * 12 + "6A",
    "e" + "0" * 11 + "61",
    "0" * 12 + "61\n",
    "-" + "0" * 11 + "61",
    "0" * 12 + "61" * 801,
]


@pytest.mark.parametrize("text", NO_CURSORS)
def test_text_that_is_no_cursor_is_refused(text):
    with pytest.raises(
        ValidationError, match=r"should be the cursor of a page's next link|a valid string"
    ):
        CURSOR_TEXT.validate_python(text)


@pytest.mark.slow
@given(st.from_regex(re.compile(cursors.CURSOR, re.ASCII), fullmatch=True))
@example("d" + "f" * 11 + "ff" * 800)
def test_every_text_that_matches_the_pattern_is_a_cursor(text):
    cursor = cursors.decode(CURSOR_TEXT.validate_python(text))
    assert isinstance(cursor, Cursor)
    assert cursors.encode(cursor)[:12] == text[:12]
