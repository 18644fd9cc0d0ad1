"""The embedded database uses its indexes.

The query plans of the statements that it sends to SQLite, its answers, and its speed.
"""

import json
import random
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection

from tests.mongodb import MongoDB
from tests.support.ports import free_port

pytestmark = pytest.mark.e2e

Document = dict[str, Any]
FIRST, SECOND = ObjectId(), ObjectId()
# Characters that JSON, HTML or SQLite escape, and texts that begin like a JSON array.
AWKWARD = [
    "",
    "a",
    "'",
    '"',
    "\\",
    "\0",
    "é",
    "𝄞",
    "\u2028",
    "\x7f",
    "<&>",
    "[",
    '["a"]',
    "[]",
    "$a",
    "a.b",
    str(FIRST),
    "null",
    "3",
]


class LoggingMongoDB(MongoDB):
    """A server that logs each statement that it sends to SQLite."""

    def command(self) -> list[str]:
        """Return the usual command with a lower log level."""
        return [*super().command(), "-log-level", "DEBUG"]


@pytest.fixture
def mongodb(tmp_path: Path) -> Iterator[MongoDB]:
    with LoggingMongoDB(tmp_path, free_port()) as server:
        yield server


@pytest.fixture
def attempts(mongodb: MongoDB) -> Iterator[Collection[Document]]:
    with MongoClient[Document](mongodb.uri) as client:
        yield client["service"]["attempts"]


def plans(mongodb: MongoDB, database: str = "service") -> list[tuple[str, str]]:
    """Return verb and plan of each logged statement on the collection, as SQLite explains it."""
    found = []
    file = mongodb.directory / "data" / f"{database}.sqlite"
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    for line in (mongodb.directory / "log").read_text().splitlines():
        message = json.loads(line)["msg"]
        if re.match(r">>> (SELECT|UPDATE|DELETE).*attempts_", message):
            statement = message.removeprefix(">>> ")
            rows = connection.execute(
                f"EXPLAIN QUERY PLAN {statement}", [""] * statement.count("?")
            ).fetchall()
            found.append((statement.split()[0], " / ".join(row[3] for row in rows)))
    connection.close()
    return found


def by(index: str) -> str:
    """Return the plan of a search by equality."""
    return f"SEARCH attempts_T USING INDEX attempts_T_{index} (<expr>=?)"


def by_either(index: str) -> str:
    """Return the plan of a search for an equal value or an array."""
    both = f"SEARCH attempts_T USING INDEX attempts_T_{index}"
    return (
        f"MULTI-INDEX OR / INDEX 1 / {both} (<expr>=?) / INDEX 2 / {both} (<expr>>? AND <expr><?)"
    )


def without_hash(plan: str) -> str:
    return re.sub(r"attempts_[0-9a-f]{8}", "attempts_T", plan)


def test_every_query_by_id_or_an_indexed_string_uses_the_index(
    attempts: Collection[Document], mongodb: MongoDB
) -> None:
    attempts.create_index("key")
    attempts.insert_many([{"_id": name, "key": name, "at": 1} for name in "abc"])
    attempts.find_one({"_id": "a"})
    attempts.find_one({"_id": "a", "at": {"$gt": 0}}, sort=[("at", -1)])
    list(attempts.find({"_id": {"$in": ["a", "b"]}}).limit(1))
    attempts.update_one({"_id": "a", "at": 1}, {"$set": {"at": 2}})
    attempts.delete_one({"_id": "b"})
    attempts.count_documents({"key": "c"})
    list(attempts.find({"key": "c", "at": {"$lt": 9}}))
    assert [(verb, without_hash(plan)) for verb, plan in plans(mongodb)] == [
        ("SELECT", by("_id_")),
        ("SELECT", by("_id_")),
        ("SELECT", by("_id_")),
        ("SELECT", by("_id_")),
        ("UPDATE", by("_id_")),
        ("SELECT", by("_id_")),
        ("DELETE", by("_id_")),
        ("SELECT", by_either("key_1")),
        ("SELECT", by_either("key_1")),
    ]


def test_indexed_queries_return_the_same_as_a_scan(attempts: Collection[Document]) -> None:
    """An $and is never pushed down to SQLite, so its result is that of a scan."""
    rng = random.Random(20)
    scalars = [*AWKWARD, FIRST, SECOND, 3, 3.0, None, True, b"a"]
    values = [*scalars, [], ["a"], ["b", "a"], [{"a": "a"}], {"a": "a"}, [FIRST, "é"], [None, 3]]
    attempts.create_index("key")
    attempts.create_index([("kind", 1), ("key", -1)])
    # Not FIRST: FerretDB treats it as a duplicate of its hex digits, which are in AWKWARD.
    ids = [*AWKWARD, SECOND, 3, True, {"a": "a"}]
    attempts.insert_many(
        [{"_id": name, "key": rng.choice(values), "kind": rng.choice(values)} for name in ids]
    )
    attempts.insert_many([{"key": value, "kind": rng.choice(values)} for value in values * 3])
    attempts.insert_many([{}, {"key": {"key": "a"}}])
    filters: list[Document] = [
        {name: value} for name in ("_id", "key", "kind", "missing") for value in scalars
    ]
    filters += [{"key": rng.choice(scalars), "kind": rng.choice(scalars)} for _ in range(50)]
    filters += [{"_id": {"$in": rng.sample(ids, 3)}, "key": {"$ne": "a"}} for _ in range(50)]
    filters += [
        {"_id": {"$in": []}},
        {"_id": {"$nin": ["a"]}},
        {"_id": {"$in": ["a"], "$gt": "b"}},
        {"key": {"$in": ["a"]}},
    ]
    filters += [
        {"key.a": "a"},
        {"key.0": "a"},
        {"key": ["a"]},
        {"key": {"a": "a"}},
        {"key": {"$gt": "a"}},
        {"key": {"$regex": "a"}},
    ]
    found = 0
    for criteria in filters:
        # By repr: a document as an _id has no order.
        answer = sorted(repr(document) for document in attempts.find(criteria))
        assert answer == sorted(
            repr(document) for document in attempts.find({"$and": [criteria]})
        ), criteria
        found += len(answer)
    assert found > len(filters)


def fastest_seconds(collection: Collection[Document], criteria: Document, times: int) -> float:
    """Return the fastest of several queries, which other load on the machine affects least."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        assert collection.find_one(criteria) is not None
        taken.append(time.perf_counter() - began)
    return min(taken)


def test_indexed_query_is_as_fast_in_a_thousand_times_as_many_documents(tmp_path: Path) -> None:
    with MongoDB(tmp_path, free_port()) as server, MongoClient[Document](server.uri) as client:
        for name, count in (("few", 20), ("many", 20_000)):
            client["service"][name].create_index("key")
            for start in range(0, count, 1000):
                numbers = range(start, min(count, start + 1000))
                client["service"][name].insert_many(
                    [{"_id": f"{n}", "key": f"{n}", "body": "x" * 1000} for n in numbers]
                )
        few, many = client["service"]["few"], client["service"]["many"]
        # The last documents: a scan ends at the first match.
        for field in ("_id", "key"):
            usual = fastest_seconds(few, {field: "19"}, 50)
            assert fastest_seconds(many, {field: "19999"}, 50) < 10 * usual
            assert fastest_seconds(many, {"$and": [{field: "19999"}]}, 1) > 100 * usual


def test_indexes_are_used_after_a_restart_of_a_killed_server(
    attempts: Collection[Document], mongodb: MongoDB
) -> None:
    attempts.create_index("key")
    attempts.insert_many([{"_id": name, "key": name} for name in "abc"])
    mongodb.stop()
    mongodb.start()
    assert (attempts.find_one({"_id": "b"}), attempts.find_one({"key": "c"})) == (
        {"_id": "b", "key": "b"},
        {"_id": "c", "key": "c"},
    )
    assert [(verb, without_hash(plan)) for verb, plan in plans(mongodb)] == [
        ("SELECT", by("_id_")),
        ("SELECT", by_either("key_1")),
    ]


def test_commits_do_not_wait_for_the_disk(attempts: Collection[Document], mongodb: MongoDB) -> None:
    attempts.insert_one({"_id": "a"})
    records = [json.loads(line) for line in (mongodb.directory / "log").read_text().splitlines()]
    (uri,) = {record["uri"] for record in records if record["msg"] == "Database created"}
    assert parse_qs(urlsplit(uri).query) == {
        "_pragma": [
            "synchronous(normal)",
            "busy_timeout(10000)",
            "journal_mode(wal)",
            "auto_vacuum(none)",
        ]
    }


def test_dropped_database_is_recreated_empty(mongodb: MongoDB) -> None:
    with MongoClient[Document](mongodb.uri) as client:
        for turn in range(30):
            assert client["service"]["attempts"].find_one({"_id": "a"}) is None
            client["service"]["attempts"].insert_one({"_id": "a", "turn": turn})
            assert client["service"]["attempts"].find_one({"_id": "a", "turn": turn}) == {
                "_id": "a",
                "turn": turn,
            }
            client.drop_database("service")
    assert list((mongodb.directory / "data").iterdir()) == []
