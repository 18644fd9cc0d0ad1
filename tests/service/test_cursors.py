"""A cursor is a position's one spelling: whatever else comes back is refused."""

from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.blueprints import cursors
from service.store import Position

MILLISECONDS = st.integers(min_value=0, max_value=4_102_444_800_000)


def raw(text: bytes) -> str:
    return urlsafe_b64encode(text).decode().rstrip("=")


@given(milliseconds=MILLISECONDS, slug=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
@example(milliseconds=0, slug="a\nb")
def test_a_position_survives_the_way_to_the_client_and_back(milliseconds, slug):
    position = Position(datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000), slug)
    assert cursors.decode(cursors.encode(position)) == position


NO_CURSORS = [
    "",
    "=",
    "\udc80",
    *map(raw, (b"1", b"x.slug", b"1.", b"01.slug", b"-1.slug", b"999999999999999.slug", b"1.\xff", b"1." + b"s" * 201)),
    raw(b"1.slug") + "=",
    raw(b"1.slug") + "\n",
]


@pytest.mark.parametrize("text", NO_CURSORS)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(ValueError, match="should be the cursor of a page's next link"):
        cursors.decode(text)


@given(st.text(max_size=80))
def test_no_text_does_anything_but_mean_a_position_or_be_refused(text):
    with suppress(ValueError):
        assert cursors.encode(cursors.decode(text)) == text


def test_a_cursor_that_is_too_long_is_not_even_read():
    with pytest.raises(ValueError, match="should be at most 400 characters"):
        cursors.decode("a" * 401)
