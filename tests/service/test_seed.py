"""``python -m service.seed`` in a process of its own, and the data it loads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.accounts.room import AccountsRoom
from service.blog.demo import demo_posts
from service.blog.model import BlogPost
from service.blog.repository import post_from_document
from service.blog.room import BlogRoom
from service.sessions.demo import load
from service.sessions.room import SessionsRoom
from tests.mongodb import free_port
from tests.service.processes import NO_DATABASE, ran

FRIDAY = datetime(2026, 11, 27, 22, 30, 0, 123456, tzinfo=UTC)
OPENED = "demo therapists: {} loaded, {} slots opened\n"
SLOTS = 140
"""In any two weeks: ten working days of fourteen sessions."""


def run_seed(uri: str, *arguments: str, **settings: str) -> tuple[int, str, str]:
    return ran(uri, "service.seed", *arguments, **settings)


def load_therapists(service, now: datetime) -> str:
    room, accounts = service.room(SessionsRoom), service.room(AccountsRoom).accounts
    return load(room.repositories, accounts, service.settings.sessions, now)


def test_an_empty_blog_is_filled_once(service, database_uri):
    assert run_seed(database_uri) == (0, "demo posts: 40 loaded\n" + OPENED.format(4, SLOTS), "")
    again = run_seed(database_uri)
    assert (again[0], again[1].splitlines()[0], again[2]) == (
        0,
        "demo posts: none loaded, there are posts already",
        "",
    )
    assert service.mongo.database["posts"].count_documents({}) == 40


def test_a_blog_with_a_post_is_left_alone(service, database_uri):
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


def test_demo_therapists_are_loaded_once_and_their_slots_topped_up(service):
    client = service.app.test_client()
    days = [FRIDAY + timedelta(days=later) for later in (0, 0, 1, 3)]
    assert [load_therapists(service, day) + "\n" for day in days] == [
        OPENED.format(4, SLOTS),
        OPENED.format(0, 0),
        OPENED.format(0, 0),  # what is new lies on a Saturday
        OPENED.format(0, 14),
    ]
    therapists = client.get("/api/v1/therapists?language=tr").get_json()["therapists"]
    assert [(one["name"], one["price"]) for one in therapists] == [
        ("Emre Y\u0131ld\u0131z", {"amount": 8000, "currency": "eur"})
    ]
    slots = service.room(SessionsRoom).repositories.slots.list_open(
        therapists[0]["id"], FRIDAY, FRIDAY + timedelta(days=3)
    )
    assert [(slot.starts_at, slot.ends_at - slot.starts_at) for slot in slots] == [
        (datetime(2026, 11, 30, hour, tzinfo=UTC), timedelta(minutes=50)) for hour in (17, 18, 19)
    ]


def test_nobody_logs_in_as_a_demo_therapist_and_a_changed_profile_stays(service):
    load_therapists(service, FRIDAY)
    client = service.app.test_client()
    (found,) = client.get("/api/v1/therapists?language=sv").get_json()["therapists"]
    account = service.room(AccountsRoom).accounts.get(found["id"])
    assert (account.role, account.name) == ("therapist", "Mara Lindqvist")
    body = {"email": account.email, "password": "!"}
    assert client.post("/api/v1/auth/login", json=body).status_code in (401, 422)

    profile = service.room(SessionsRoom).repositories.therapists.get(found["id"])
    service.room(SessionsRoom).repositories.therapists.put(replace(profile, amount=1))
    load_therapists(service, FRIDAY)
    assert service.room(SessionsRoom).repositories.therapists.get(found["id"]).amount == 1


@pytest.mark.e2e
def test_no_database_is_one_line():
    port = free_port()
    line = f"demo data: MongoDB cannot be used: 127.0.0.1:{port}: [Errno 111] Connection refused\n"
    assert run_seed(f"mongodb://127.0.0.1:{port}", **NO_DATABASE) == (1, "", line)


@pytest.mark.e2e
def test_a_bad_setting_is_one_line():
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
    assert len(set(instants)) < len(
        instants
    )  # some share one, so that the order within an instant is seen
    assert len({post.slug for post in posts}) == 40
    assert len({post.category for post in published}) >= 10
    assert all(post.title and post.summary and post.body and post.tags for post in posts)
