"""Values that need no database: query shapes, outcomes, bounded labels, pool names."""

import json

import pytest

from telemetry.mongo.cardinality import Bounded
from telemetry.mongo.outcomes import Failure, of_failure, of_reply
from telemetry.mongo.pool import pool_name
from telemetry.mongo.query_shape import MAX_CHARACTERS, query_shape


def test_first_values_pass_and_the_rest_are_other():
    bounded = Bounded(2)
    assert [bounded(value) for value in ("a", "", "b", "c", "a", "d")] == [
        "a",
        "",
        "b",
        "_OTHER",
        "a",
        "_OTHER",
    ]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (("db", 27017), "db:27017"),
        (("::1", 27017), "[::1]:27017"),
        (("/tmp/mongodb.sock", None), "/tmp/mongodb.sock"),
    ],
)
def test_pool_is_named_by_the_address_of_its_server(address, name):
    assert pool_name(address) == name


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ({"ping": 1}, "ping"),
        ({"insert": "users", "documents": [{"email": "a@b.c"}]}, "insert"),
        (
            {
                "find": "posts",
                "filter": {"tags": {"$in": ["secret", 1]}, "$or": [{"a": "secret"}, {"b": None}]},
                "limit": 5,
            },
            'find {"filter":{"tags":{"$in":"?"},"$or":[{"a":"?"},{"b":"?"}]}}',
        ),
        (
            {
                "update": "users",
                "updates": [{"q": {"email": "a@b.c"}, "u": {"$set": {"name": "secret"}}}],
            },
            'update {"q":{"email":"?"}}',
        ),
        (
            {"aggregate": "posts", "pipeline": [{"$match": {"a": 1}}, {"$group": {"_id": "$tag"}}]},
            'aggregate {"pipeline":[{"$match":{"a":"?"}},{"$group":{"_id":"?"}}]}',
        ),
        (
            {"find": "posts", "filter": {"a": {"b": {"c": {"d": {"e": {"f": "secret"}}}}}}},
            'find {"filter":{"a":{"b":{"c":{"d":{"e":{"f":"?"}}}}}}}',
        ),
        ({"find": "posts", "filter": "not a document"}, 'find {"filter":"?"}'),
    ],
)
def test_query_is_formatted_without_its_values(command, text):
    assert query_shape(next(iter(command)), command) == text


def test_query_of_any_size_is_formatted_in_bounds():
    wide = 1
    for _ in range(6):  # ten to the power of six names, were they all kept
        wide = {f"field{number}": wide for number in range(10)}
    deep = {"a": 1}
    for _ in range(500):
        deep = {"$and": [deep]}
    assert len(query_shape("find", {"filter": wide})) == MAX_CHARACTERS
    assert json.loads(query_shape("find", {"filter": deep}).removeprefix("find ")) == {
        "filter": {"$and": [{"$and": [{"$and": ["?"]}]}]}
    }


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (
            {"ok": 0, "code": 2, "codeName": "BadValue", "errmsg": "email a@b.c is bad"},
            Failure("BadValue", "BadValue", "2"),
        ),
        (
            {"ok": 0, "code": 11000, "errmsg": "dup key: { email: 'a@b.c' }"},
            Failure("DuplicateKey", "DuplicateKey", "11000"),
        ),
        ({"ok": 0, "code": 31337, "errmsg": "what"}, Failure("31337", "31337", "31337")),
        (
            {"errtype": "AutoReconnect", "errmsg": "db:27017: reset"},
            Failure("AutoReconnect", "db:27017: reset"),
        ),
        ({"errtype": "AutoReconnect", "errmsg": "x" * 1000}, Failure("AutoReconnect", "x" * 200)),
        ({}, Failure("UnknownError", "UnknownError")),
        (None, Failure("UnknownError", "UnknownError")),
    ],
)
def test_failed_command_is_recorded_without_its_data(failure, expected):
    assert of_failure(failure) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"ok": 1, "n": 1}, None),
        ({"ok": 1, "writeErrors": []}, None),
        (
            {
                "ok": 1,
                "writeErrors": [
                    {"index": 0, "code": 11000, "errmsg": "a@b.c"},
                    {"index": 1, "code": 121},
                ],
            },
            Failure("DuplicateKey", "DuplicateKey", "11000"),
        ),
        (
            {
                "ok": 1,
                "writeConcernError": {
                    "code": 64,
                    "codeName": "WriteConcernFailed",
                    "errmsg": "waiting",
                },
            },
            Failure("WriteConcernFailed", "WriteConcernFailed", "64"),
        ),
        (
            {
                "ok": 1,
                "nErrors": 1,
                "cursor": {"firstBatch": [{"ok": 1}, {"ok": 0, "code": 121, "errmsg": "a@b.c"}]},
            },
            Failure("DocumentValidationFailure", "DocumentValidationFailure", "121"),
        ),
        (
            {"ok": 1, "nErrors": 1, "cursor": {"firstBatch": []}},
            Failure("BulkWriteError", "BulkWriteError"),
        ),
    ],
)
def test_failure_inside_a_successful_reply_is_found(reply, expected):
    assert of_reply(reply) == expected
