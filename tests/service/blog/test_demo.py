"""``python -m service.seed`` on the blog, and the demo posts."""

from datetime import UTC, datetime, timedelta

from service.blog.demo import demo_posts
from service.blog.model import BlogPost
from service.blog.repository import post_from_document
from service.blog.room import BlogRoom
from tests.service.test_seed import OPENED, SLOTS, run_seed


def test_demo_posts_are_loaded_once(service, database_uri):
    assert run_seed(database_uri) == (0, "demo posts: 40 loaded\n" + OPENED.format(4, SLOTS), "")
    again = run_seed(database_uri)
    assert (again[0], again[1].splitlines()[0], again[2]) == (
        0,
        "demo posts: none loaded, there are posts already",
        "",
    )
    assert service.mongo.database["posts"].count_documents({}) == 40


def test_blog_with_a_post_is_unchanged(service, database_uri):
    mine = BlogPost(
        "mine", "Mine", "", "sleep", (), "Me", "draft", datetime(2026, 1, 1, tzinfo=UTC)
    )
    service.room(BlogRoom).posts.add([mine])

    assert run_seed(database_uri) == (
        0,
        "demo posts: none loaded, there are posts already\n" + OPENED.format(4, SLOTS),
        "",
    )
    assert [post_from_document(found) for found in service.mongo.database["posts"].find()] == [mine]


def test_demo_posts_are_varied_and_have_fixed_dates():
    posts = demo_posts()
    published = [post for post in posts if post.status == "published"]
    instants = [post.published_at for post in published]

    assert (len(posts), len(published)) == (40, 37)
    assert (min(instants), max(instants)) == (
        datetime(2026, 5, 4, 7, tzinfo=UTC),
        datetime(2026, 5, 4, 7, tzinfo=UTC) + timedelta(days=175),
    )
    # Some share an instant, so that the order within an instant is visible.
    assert len(set(instants)) < len(instants)
    assert len({post.slug for post in posts}) == 40
    assert len({post.category for post in published}) >= 10
    assert all(post.title and post.summary and post.body and post.tags for post in posts)
