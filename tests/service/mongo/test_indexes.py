"""The indexes as the real database lists them: those that were asked for, and none too many."""

from itertools import permutations

import pytest

Keys = tuple[tuple[str, int], ...]


def listed(collection) -> dict[str, Keys]:
    return {index["name"]: tuple(index["key"].items()) for index in collection.list_indexes()}


def redundant(indexes: dict[str, Keys]) -> list[str]:
    """Names of indexes whose keys are those of another one, or how another one begins (in the same
    or in the opposite direction).
    """

    def covers(wide: Keys, narrow: Keys) -> bool:
        start = wide[: len(narrow)]
        return start == narrow or start == tuple((name, -direction) for name, direction in narrow)

    return sorted(
        {
            name
            for (other, wide), (name, narrow) in permutations(indexes.items(), 2)
            if covers(wide, narrow)
        }
    )


@pytest.fixture
def posts(service):
    return service.mongo.database["posts"]


def test_posts_have_the_indexes_that_their_queries_need(posts):
    assert listed(posts) == {
        "_id_": (("_id", 1),),
        "status_1_published_at_-1": (("status", 1), ("published_at", -1)),
        "category_1_status_1_published_at_-1": (
            ("category", 1),
            ("status", 1),
            ("published_at", -1),
        ),
        "tags_1_status_1_published_at_-1": (("tags", 1), ("status", 1), ("published_at", -1)),
        "author_1_status_1": (("author", 1), ("status", 1)),
        "author_id_1_status_1_published_at_-1": (
            ("author_id", 1),
            ("status", 1),
            ("published_at", -1),
        ),
    }


def test_logins_are_found_by_account_to_end_them_all(service):
    assert listed(service.mongo.database["logins"]) == {
        "_id_": (("_id", 1),),
        "account_id_1": (("account_id", 1),),
    }


def test_guesses_are_found_by_what_they_are_counted_for(service):
    assert listed(service.mongo.database["guesses"]) == {
        "_id_": (("_id", 1),),
        "key_1": (("key", 1),),
    }


def test_conversations_are_found_by_account_newest_first(service):
    assert listed(service.mongo.database["conversations"]) == {
        "_id_": (("_id", 1),),
        "account_id_1__id_-1": (("account_id", 1), ("_id", -1)),
    }


def test_bookings_are_found_by_party_and_their_work_by_time(service):
    assert listed(service.mongo.database["bookings"]) == {
        "_id_": (("_id", 1),),
        "member_id_1_starts_at_-1": (("member_id", 1), ("starts_at", -1)),
        "therapist_id_1_starts_at_-1": (("therapist_id", 1), ("starts_at", -1)),
    }
    assert listed(service.mongo.database["booking_tasks"]) == {
        "_id_": (("_id", 1),),
        "due_at_1": (("due_at", 1),),
    }
    assert listed(service.mongo.database["answers"]) == {
        "_id_": (("_id", 1),),
        "at_1": (("at", 1),),
    }
    leases = {"_id_": (("_id", 1),), "name_1": (("name", 1),), "until_1": (("until", 1),)}
    assert {
        name: listed(service.mongo.database[name])
        for name in ("booking_leases", "answer_leases", "post_leases")
    } == {
        "booking_leases": leases,
        "answer_leases": leases,
        "post_leases": leases,
    }


def test_no_collection_has_an_index_that_another_one_covers(service):
    collections = sorted(service.mongo.database.list_collection_names())
    bookings = ["answer_leases", "answers", "booking_leases", "booking_tasks", "bookings"]
    others = [
        "conversations",
        "guesses",
        "logins",
        "post_leases",
        "posts",
        "uploads.chunks",
        "uploads.files",
        "uploads.reservations",
    ]
    assert collections == bookings + others
    assert {name: redundant(listed(service.mongo.database[name])) for name in collections} == {
        name: [] for name in collections
    }


def test_a_redundant_index_would_be_seen(posts):
    posts.create_index([("category", 1)])
    posts.create_index([("status", -1), ("published_at", 1)])

    # Neither of two that mirror each other is needed beside the other one.
    assert redundant(listed(posts)) == [
        "category_1",
        "status_-1_published_at_1",
        "status_1_published_at_-1",
    ]


def test_set_up_twice_changes_nothing(service, posts):
    before = listed(posts)
    service.mongo.set_up()
    assert listed(posts) == before
