"""The range that a request asks for."""

import pytest
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from service.files.content import requested_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=5-", (5, 10)),
        ("bytes=-5", (5, 10)),
        ("bytes=-50", (0, 10)),
        ("bytes=2-4", (2, 5)),
        ("bytes=9-9", (9, 10)),
        ("bytes=2-400", (2, 10)),
        ("Bytes= 2-4 ", (2, 5)),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
        ("bytes=٣-٤", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_one_valid_range_is_a_part_and_anything_else_the_whole(header, part):
    assert requested_range(header, 10) == part


@pytest.mark.parametrize(
    "header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"]
)
def test_empty_range_is_not_satisfiable(header):
    with pytest.raises(RequestedRangeNotSatisfiable):
        requested_range(header, 10)
