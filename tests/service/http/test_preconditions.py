"""Conditions of RFC 9110, section 13, by themselves: parsing, comparison, precedence."""

from datetime import UTC, datetime

import pytest

from service.http import http_date
from service.http.conditions import exact_date
from service.http.preconditions import (
    EntityTag,
    Preconditions,
    Validators,
    parse_tags,
    range_holds,
)

MODIFIED = datetime(2026, 11, 6, 8, 49, 37, 500_000, UTC)
SAME = "Fri, 06 Nov 2026 08:49:37 GMT"
BEFORE = "Fri, 06 Nov 2026 08:49:36 GMT"
AFTER = "Fri, 06 Nov 2026 08:49:38 GMT"
FUTURE = "Tue, 06 Nov 2096 08:49:37 GMT"
STRONG = Validators(EntityTag("a"), MODIFIED)
WEAK = Validators(EntityTag("a", is_weak=True), MODIFIED)
UNDATED = Validators(EntityTag("a"))
UNTAGGED = Validators(None, MODIFIED)


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ('"a"', [EntityTag("a")]),
        ('W/"a"', [EntityTag("a", is_weak=True)]),
        ('"a", W/"b","c"', [EntityTag("a"), EntityTag("b", is_weak=True), EntityTag("c")]),
        (' \t"a"\t, ', [EntityTag("a")]),
        (',, "a",,"b",', [EntityTag("a"), EntityTag("b")]),
        ('""', [EntityTag("")]),
        ('"a,b"', [EntityTag("a,b")]),
        ('"*"', [EntityTag("*")]),
        ('"a\\"', [EntityTag("a\\")]),
        ('"\xe9"', [EntityTag("\xe9")]),
        ("", None),
        (",", None),
        ("a", None),
        ('"a', None),
        ('a"', None),
        ('w/"a"', None),
        ('W/ "a"', None),
        ('W"a"', None),
        ('"a" "b"', None),
        ('"a", b', None),
        ('"a b"', None),
        ('"a"; x', None),
        ('*, "a"', None),
        ("'a'", None),
        ('"a\x7f"', None),
    ],
)
def test_tags_are_parsed_strictly(value, tags):
    assert parse_tags(value) == (tags and tuple(tags))


# Fields are If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since.
@pytest.mark.parametrize(
    ("fields", "current", "of_read", "of_write"),
    [
        ((), STRONG, "proceed", "proceed"),
        # If-Match: the strong comparison.
        (('"a"',), STRONG, "proceed", "proceed"),
        (('"b", "a"',), STRONG, "proceed", "proceed"),
        (('"b"',), STRONG, "failed", "failed"),
        (('W/"a"',), STRONG, "failed", "failed"),
        (('"a"',), WEAK, "failed", "failed"),
        (('W/"a"',), WEAK, "failed", "failed"),
        (("*",), STRONG, "proceed", "proceed"),
        (("*",), WEAK, "proceed", "proceed"),
        (("*",), None, "failed", "failed"),
        (('"a"',), None, "failed", "failed"),
        (('"a"',), UNTAGGED, "failed", "failed"),
        (('"A"',), STRONG, "failed", "failed"),
        (("a",), STRONG, "failed", "failed"),
        (("",), STRONG, "failed", "failed"),
        (('*, "a"',), STRONG, "failed", "failed"),
        (('"a", b',), STRONG, "failed", "failed"),
        # The tags of the encodings of one state.
        (('"a-gzip"',), STRONG, "proceed", "proceed"),
        (('"a-br"',), STRONG, "proceed", "proceed"),
        (('"a-zstd"',), STRONG, "proceed", "proceed"),
        (('"a-deflate"',), STRONG, "failed", "failed"),
        (('"a-gzip-gzip"',), STRONG, "failed", "failed"),
        # If-Unmodified-Since, only without If-Match.
        ((None, SAME), STRONG, "proceed", "proceed"),
        ((None, AFTER), STRONG, "proceed", "proceed"),
        ((None, FUTURE), STRONG, "proceed", "proceed"),
        ((None, BEFORE), STRONG, "failed", "failed"),
        ((None, "yesterday"), STRONG, "proceed", "proceed"),
        ((None, f"{BEFORE}, {BEFORE}"), STRONG, "proceed", "proceed"),
        ((None, BEFORE), UNDATED, "proceed", "proceed"),
        ((None, BEFORE), None, "proceed", "proceed"),
        (('"a"', BEFORE), STRONG, "proceed", "proceed"),
        (('"b"', AFTER), STRONG, "failed", "failed"),
        # If-None-Match: the weak comparison.
        ((None, None, '"a"'), STRONG, "not_modified", "failed"),
        ((None, None, 'W/"a"'), STRONG, "not_modified", "failed"),
        ((None, None, '"a"'), WEAK, "not_modified", "failed"),
        ((None, None, 'W/"a"'), WEAK, "not_modified", "failed"),
        ((None, None, '"b", W/"a"'), STRONG, "not_modified", "failed"),
        ((None, None, '"a-gzip"'), STRONG, "not_modified", "failed"),
        ((None, None, '"b"'), STRONG, "proceed", "proceed"),
        ((None, None, "a"), STRONG, "proceed", "proceed"),
        ((None, None, ""), STRONG, "proceed", "proceed"),
        ((None, None, "*"), STRONG, "not_modified", "failed"),
        ((None, None, " * "), STRONG, "not_modified", "failed"),
        ((None, None, "*"), None, "proceed", "proceed"),
        ((None, None, '"a"'), UNTAGGED, "proceed", "proceed"),
        # If-Modified-Since, only without If-None-Match and only for reads.
        ((None, None, None, SAME), STRONG, "not_modified", "proceed"),
        ((None, None, None, AFTER), STRONG, "not_modified", "proceed"),
        ((None, None, None, FUTURE), STRONG, "not_modified", "proceed"),
        ((None, None, None, BEFORE), STRONG, "proceed", "proceed"),
        ((None, None, None, "0"), STRONG, "proceed", "proceed"),
        ((None, None, None, SAME), UNDATED, "proceed", "proceed"),
        ((None, None, '"b"', SAME), STRONG, "proceed", "proceed"),
        ((None, None, '"a"', BEFORE), STRONG, "not_modified", "failed"),
        # The order: what is checked first decides.
        (('"a"', None, '"a"'), STRONG, "not_modified", "failed"),
        (('"b"', None, '"a"'), STRONG, "failed", "failed"),
        ((None, AFTER, '"a"'), STRONG, "not_modified", "failed"),
        ((None, BEFORE, '"a"'), STRONG, "failed", "failed"),
        (('"a"', BEFORE, '"b"', SAME), STRONG, "proceed", "proceed"),
    ],
)
def test_conditions_decide_in_their_order(fields, current, of_read, of_write):
    conditions = Preconditions(*fields)
    assert (
        conditions.outcome(current, is_read=True),
        conditions.outcome(current, is_read=False),
    ) == (of_read, of_write)


@pytest.mark.parametrize(
    ("if_range", "current", "holds"),
    [
        (None, STRONG, True),
        ('"a"', STRONG, True),
        ('W/"a"', STRONG, False),
        ('"a"', WEAK, False),
        ('W/"a"', WEAK, False),
        ('"b"', STRONG, False),
        ('"a", "b"', STRONG, False),
        ('"a-gzip"', STRONG, False),
        ("*", STRONG, False),
        ("", STRONG, False),
        ("a", STRONG, False),
        (SAME, STRONG, True),
        (AFTER, STRONG, False),
        (BEFORE, STRONG, False),
        (SAME, UNDATED, False),
    ],
)
def test_range_is_of_the_very_representation(if_range, current, holds):
    assert range_holds(if_range, current) is holds


NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        (" Sun Nov 16 08:49:37 1994\t", datetime(1994, 11, 16, 8, 49, 37, tzinfo=UTC)),
        ("Friday, 06-Nov-76 08:49:37 GMT", datetime(2076, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-77 08:49:37 GMT", datetime(1977, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 08:49:37 UTC", None),
        ("Sun, 06 Nov 1994 08:49:37 +0000", None),
        ("Sun, 06 Nov 1994 08:49:37", None),
        ("Sun, 6 Nov 1994 08:49:37 GMT", None),
        ("sun, 06 nov 1994 08:49:37 gmt", None),
        ("06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 31 Feb 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 24:00:00 GMT", None),
        ("Sun, 06 Nov 0000 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT; length=1", None),
        ("1994-11-06T08:49:37Z", None),
        ("784111777", None),
        ("Sun, \u0660\u0666 Nov 1994 08:49:37 GMT", None),
        ("", None),
    ],
)
def test_dates_have_three_formats(text, instant):
    assert http_date.parse(text, NOW) == instant


@pytest.mark.parametrize(
    ("changed", "now", "is_sent"),
    [
        (
            datetime(2026, 1, 1, 0, 0, 0, 900_000, UTC),
            datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC),
            True,
        ),
        (datetime(2026, 1, 1, 0, 0, 0, 0, UTC), datetime(2026, 1, 1, 0, 0, 0, 999_999, UTC), False),
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), False),
    ],
)
def test_date_is_sent_once_no_other_change_can_have_it(changed, now, is_sent):
    assert exact_date(changed, now) == (changed if is_sent else None)
