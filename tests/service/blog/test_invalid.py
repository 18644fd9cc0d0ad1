"""Invalid requests of writers, reported field by field."""

import pytest

from service.http.text_fields import MULTI_LINE
from tests.service.blog.calls import (
    CALLS,
    DRAFTS,
    POST_NOT_FOUND,
    POSTS,
    TEXT,
    create,
    get,
)
from tests.service.clients import problem

CONTROLS = "should have no control characters"
INVALID = [
    ({"title": ""}, "should have at least 1 character"),
    ({"title": "x" * 201}, "should have at most 200 characters"),
    ({"title": " "}, "should have a visible character"),
    ({"title": "a\nb"}, CONTROLS),
    ({"title": "a\u202eb"}, "should have no characters that turn the direction of text"),
    ({"title": "a\u3000"}, "should have no space at either end"),
    ({"title": "a\ufdd0b"}, "should have no characters that Unicode reserves or deprecates"),
    ({"title": None}, "should be a valid string"),
    ({"title": ["a"]}, "should be a valid string"),
    ({"summary": "x" * 501}, "should have at most 500 characters"),
    ({"summary": "a\x7fb"}, CONTROLS),
    ({"category": "a\x00b"}, CONTROLS),
    ({"category": "x" * 65}, "should have at most 64 characters"),
    ({"tags": ["a", "a"]}, "should name each tag once"),
    (
        {"tags": [str(number) for number in range(11)]},
        "Tuple should have at most 10 items after validation, not 11",
    ),
    ({"tags": "a"}, "should be a valid array"),
    ({"body": ""}, "should have at least 1 character"),
    ({"body": "x" * 100_001}, "should have at most 100000 characters"),
    ({"body": "ü" * 50_001}, "should have at most 100000 bytes"),
    ({"body": "a\x00b"}, MULTI_LINE.reason),
    ({"slug": "mine"}, "Extra inputs are not permitted"),
    ({"author_id": "x"}, "Extra inputs are not permitted"),
    ({"published_at": "2026-01-01T00:00:00Z"}, "Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("changes", "reason"), INVALID)
def test_invalid_values_are_reported_by_field(staff, changes, reason):
    create(staff.mara)
    url = f"{POSTS}/naps-without-regret"
    answers = [
        create(staff.mara, **changes),
        staff.mara.client.put(url, json=TEXT | changes, headers=staff.mara.headers),
        staff.mara.client.patch(url, json=changes, headers=staff.mara.headers),
    ]
    errors = [{"field": next(iter(changes)), "reason": reason}]
    assert [
        (response.status_code, response.get_json(force=True)["errors"]) for response in answers
    ] == [(422, errors)] * 3


@pytest.mark.parametrize(
    ("method", "sent", "errors"),
    [
        (
            "POST",
            {},
            [{"field": name, "reason": "Field required"} for name in ("title", "category", "body")],
        ),
        (
            "POST",
            TEXT | {"status": "gone"},
            [{"field": "status", "reason": "should be 'draft' or 'published'"}],
        ),
        (
            "PUT",
            {"title": "a"},
            [{"field": name, "reason": "Field required"} for name in ("category", "body")],
        ),
        (
            "PUT",
            TEXT | {"status": "published"},
            [{"field": "status", "reason": "Extra inputs are not permitted"}],
        ),
        ("PATCH", {}, [{"field": "body", "reason": "should have at least one member"}]),
        ("PATCH", [], [{"field": "body", "reason": "should be an object"}]),
        ("PATCH", {"title": "", "tags": [1]}, None),
    ],
)
def test_missing_and_unknown_members_are_reported(staff, method, sent, errors):
    create(staff.mara)
    url = POSTS if method == "POST" else f"{POSTS}/naps-without-regret"
    response = staff.mara.client.open(url, method=method, json=sent, headers=staff.mara.headers)
    reported = response.get_json(force=True)["errors"]
    assert response.status_code == 422
    assert (
        reported == errors
        if errors
        else [error["field"] for error in reported] == ["title", "tags.0"]
    )


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": b"{", "content_type": "application/json"}, 400),
        (
            {
                "data": b'{"title": "\\ud800", "category": "a", "body": "b"}',
                "content_type": "application/json",
            },
            400,
        ),
        ({"data": b"{}", "content_type": "text/markdown"}, 415),
        ({"data": b" " * (1024**2 + 1), "content_type": "application/json"}, 413),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(staff, sent, status):
    assert problem(staff.mara.client.post(POSTS, headers=staff.mara.headers, **sent))[0] == status


@pytest.mark.parametrize("slug", ["never-written", "%00", "%ff", "x" * 201, "a%0Ab", "%24ne"])
def test_unknown_slug_is_404(staff, slug):
    answers = [
        staff.admin.client.open(
            f"{POSTS}/{slug}{suffix}", method=method, headers=staff.admin.headers, **body
        )
        for method, suffix, body in CALLS.values()
    ]
    assert {problem(response) for response in [*answers, get(staff.admin, f"{DRAFTS}/{slug}")]} == {
        (404, POST_NOT_FOUND)
    }
