"""Indexes as the real database lists them: those that queries need, and no redundant one."""

from tests.service.mongo.index_keys import listed, redundant


def test_logins_are_indexed_by_account(service):
    assert listed(service.mongo.database["logins"]) == {
        "_id_": (("_id", 1),),
        "account_id_1": (("account_id", 1),),
        "expires_at_1": (("expires_at", 1),),
    }


def test_login_attempts_are_indexed_by_what_they_count_for(service):
    assert listed(service.mongo.database["login_attempts"]) == {
        "_id_": (("_id", 1),),
        "pair_1": (("pair", 1),),
        "email_1": (("email", 1),),
        "address_1": (("address", 1),),
        "at_1": (("at", 1),),
    }


def test_conversations_are_indexed_by_account_newest_first(service):
    assert listed(service.mongo.database["conversations"]) == {
        "_id_": (("_id", 1),),
        "account_id_1__id_-1": (("account_id", 1), ("_id", -1)),
    }


def test_bookings_are_indexed_by_party_and_their_tasks_by_time(service):
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
        name: listed(service.mongo.database[name]) for name in ("booking_leases", "answer_leases")
    } == {
        "booking_leases": leases,
        "answer_leases": leases,
    }


def test_no_collection_has_a_redundant_index(service):
    database = service.mongo.database
    collections = set(database.list_collection_names())
    assert collections >= {
        "answer_leases",
        "answers",
        "booking_leases",
        "booking_tasks",
        "bookings",
        "conversations",
        "login_attempts",
        "logins",
        "uploads.chunks",
        "uploads.files",
        "uploads.reservations",
    }
    assert {name: redundant(listed(database[name])) for name in collections} == {
        name: [] for name in collections
    }


def test_redundant_indexes_are_detected(service):
    collection = service.mongo.database["redundant"]
    collection.create_index([("status", 1), ("published_at", -1)])
    collection.create_index([("category", 1), ("status", 1)])
    collection.create_index([("category", 1)])
    collection.create_index([("status", -1), ("published_at", 1)])

    # Of two indexes that mirror each other, either is redundant.
    assert redundant(listed(collection)) == [
        "category_1",
        "status_-1_published_at_1",
        "status_1_published_at_-1",
    ]


def test_second_set_up_changes_nothing(service):
    database = service.mongo.database
    before = {name: listed(database[name]) for name in database.list_collection_names()}
    service.mongo.set_up()
    assert {name: listed(database[name]) for name in database.list_collection_names()} == before
