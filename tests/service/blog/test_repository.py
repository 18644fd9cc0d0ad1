"""The repository of posts, on a real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.blog.model import BlogPost, PostPage
from service.blog.room import BlogRoom
from service.mongo.cursor import Cursor

NOON = datetime(2026, 5, 4, 12, 0, 0, 123000, tzinfo=UTC)


def post(slug: str, *, days: float = 0, **changes) -> BlogPost:
    plain = BlogPost(
        slug,
        slug.title(),
        f"About {slug}.",
        "sleep",
        ("night",),
        "Mara",
        "published",
        NOON + timedelta(days=days),
        "# Body",
    )
    return replace(plain, **changes)


def overview(stored: BlogPost) -> BlogPost:
    return replace(stored, body="")


def test_post_is_read_as_it_was_stored(service):
    stored = post("naps", tags=("night", "short"))
    assert service.room(BlogRoom).posts.add([stored]) == 1
    assert service.room(BlogRoom).posts.get("naps") == stored


def test_a_slug_is_unique_and_its_first_post_stays(service):
    first = post("naps")
    assert service.room(BlogRoom).posts.add([first]) == 1
    assert service.room(BlogRoom).posts.add([post("naps", author="Another"), post("dreams")]) == 1
    assert service.room(BlogRoom).posts.get("naps") == first
    assert service.room(BlogRoom).posts.get("dreams") == post("dreams")


def test_readers_find_neither_drafts_nor_missing_posts(service):
    service.room(BlogRoom).posts.add([post("planned", status="draft")])
    assert service.room(BlogRoom).posts.get("planned") is None
    assert service.room(BlogRoom).posts.get("never-written") is None
    assert service.room(BlogRoom).posts.page(limit=10) == PostPage((), None)
    assert not service.room(BlogRoom).posts.is_empty()


def test_a_page_is_newest_first_and_by_slug_within_one_instant(service):
    posts = [post("c", days=1), post("b"), post("a"), post("d", days=-1)]
    service.room(BlogRoom).posts.add(posts[::-1])

    first = service.room(BlogRoom).posts.page(limit=2)
    assert first == PostPage((overview(posts[0]), overview(posts[1])), Cursor(NOON, "b"))
    assert service.room(BlogRoom).posts.page(limit=2, after=first.next) == PostPage(
        (overview(posts[2]), overview(posts[3])), None
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 100])
def test_pages_of_any_size_hold_every_post_once(seeded, limit):
    found: list[BlogPost] = []
    page = seeded.room(BlogRoom).posts.page(limit=limit)
    found.extend(page.posts)
    while page.next is not None:
        page = seeded.room(BlogRoom).posts.page(limit=limit, after=page.next)
        assert page.posts
        found.extend(page.posts)

    assert len(found) == 37
    assert found == sorted(found, key=lambda one: (one.published_at, one.slug), reverse=True)
    assert len({one.slug for one in found}) == 37


def test_added_posts_do_not_shift_later_pages(service):
    service.room(BlogRoom).posts.add([post("old"), post("older", days=-1)])
    first = service.room(BlogRoom).posts.page(limit=1)
    service.room(BlogRoom).posts.add([post("new", days=1)])

    assert service.room(BlogRoom).posts.page(limit=1, after=first.next) == PostPage(
        (overview(post("older", days=-1)),), None
    )


@pytest.mark.parametrize(
    ("filters", "slugs"),
    [
        ({}, ["both", "tagged", "filed"]),
        ({"tag": "tea"}, ["both", "tagged"]),
        ({"category": "food"}, ["both", "filed"]),
        ({"tag": "tea", "category": "food"}, ["both"]),
        ({"tag": "te"}, []),
        ({"tag": "té"}, []),
        ({"category": "Food"}, ["both", "filed"]),
        ({"category": "\uff26ood"}, ["both", "filed"]),
    ],
)
def test_filters_match_whole_words_in_any_case_and_combine(service, filters, slugs):
    service.room(BlogRoom).posts.add(
        [
            post("both", days=3, tags=("hot", "tea"), category="food"),
            post("tagged", days=2, tags=("tea",)),
            post("filed", days=1, category="food"),
            post("hidden", days=4, tags=("tea",), category="food", status="draft"),
        ]
    )
    assert [
        found.slug for found in service.room(BlogRoom).posts.page(limit=10, **filters).posts
    ] == slugs
