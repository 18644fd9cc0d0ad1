"""Problem details: members in the order of RFC 9457, and their bytes."""

import json
from http import HTTPStatus

import pytest

from telemetry.problem import problem_bytes, problem_members


def test_problem_without_more_meaning_than_its_status():
    members = problem_members(HTTPStatus.NOT_FOUND, "There is no such post.")

    assert list(members.items()) == [
        ("type", "about:blank"),
        ("title", "Not Found"),
        ("status", 404),
        ("detail", "There is no such post."),
    ]


def test_problem_with_every_member():
    members = problem_members(
        409,
        "The post was changed.",
        type="urn:example:conflict",
        title="Revision Conflict",
        instance="/posts/a",
        request_id="7",
    )

    assert list(members.items()) == [
        ("type", "urn:example:conflict"),
        ("title", "Revision Conflict"),
        ("status", 409),
        ("detail", "The post was changed."),
        ("instance", "/posts/a"),
        ("request_id", "7"),
    ]


@pytest.mark.parametrize("detail", ["plain", 'with "quotes" and ümlauts'])
def test_bytes_are_the_members_as_json(detail):
    members = problem_members(400, detail) | {"errors": [1]}

    assert json.loads(problem_bytes(members)) == members
