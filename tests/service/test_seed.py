"""``python -m service.seed`` in a process of its own, and the data it loads."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from service.seed import demo_posts
from service.store import BlogPost
from tests.mongodb import free_port


@pytest.fixture
def run_seed():
    def run(uri: str) -> tuple[int, str, str]:
        environ = os.environ | {"MONGODB_URI": uri, "MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "0.2"}
        done = subprocess.run([sys.executable, "-m", "service.seed"], env=environ, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


def test_an_empty_blog_is_filled_once(store, database_uri, run_seed):
    assert run_seed(database_uri) == (0, "demo posts: 40 loaded\n", "")
    assert run_seed(database_uri) == (0, "demo posts: none loaded, there are posts already\n", "")
    assert store.database["posts"].count_documents({}) == 40


def test_a_blog_with_a_post_is_left_alone(store, database_uri, run_seed):
    mine = BlogPost("mine", "Mine", "", "sleep", (), "Me", "draft", datetime(2026, 1, 1, tzinfo=UTC))
    store.posts.add([mine])

    assert run_seed(database_uri) == (0, "demo posts: none loaded, there are posts already\n", "")
    assert [BlogPost.from_document(found) for found in store.database["posts"].find()] == [mine]


def test_no_database_is_one_line(run_seed):
    port = free_port()
    line = f"demo posts: MongoDB cannot be used: 127.0.0.1:{port}: [Errno 111] Connection refused\n"
    assert run_seed(f"mongodb://127.0.0.1:{port}") == (1, "", line)


def test_a_bad_setting_is_one_line(run_seed):
    code, out, err = run_seed("localhost")
    assert (code, out) == (1, "")
    assert err.startswith("MONGODB_URI='localhost': should be a MongoDB connection string")
    assert err.count("\n") == 1


def test_the_demo_posts_are_varied_and_their_dates_fixed():
    posts = demo_posts()
    published = [post for post in posts if post.status == "published"]
    instants = [post.published_at for post in published]

    assert (len(posts), len(published)) == (40, 37)
    assert (min(instants), max(instants)) == (
        datetime(2026, 5, 4, 7, tzinfo=UTC),
        datetime(2026, 5, 4, 7, tzinfo=UTC) + timedelta(days=175),
    )
    assert len(set(instants)) < len(instants)  # some share one, so that the order within an instant is seen
    assert len({post.slug for post in posts}) == 40
    assert len({post.category for post in published}) >= 10
    assert all(post.title and post.summary and post.body and post.tags for post in posts)
