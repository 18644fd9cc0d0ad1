"""Shard keys: one for each collection, shown where none can be set, applied by a mongos."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from stack import paths
from tests.service.mongo.replica_set import ReplicaSet, replica_set
from tests.service.mongo.test_migration import DONE, OPERATOR, REAL, cursor, run

ROW = re.compile(r"^\| (`.*?`) \|.*\| (`\{.*?\}`|not sharded) \|", re.MULTILINE)


def test_every_collection_has_a_shard_key_or_a_reason_for_none(service):
    assert {key.collection for key in service.catalogue.shard_keys} == service.retention.names
    assert all(len(key.reason) > 10 for key in service.catalogue.shard_keys)


def test_shard_keys_are_documented(service):
    text = (paths.ROOT / "docs/data.md").read_text(encoding="utf-8")
    documented = {
        name: key.strip("`")
        for names, key in ROW.findall(text)
        for name in re.findall(r"`(.+?)`", names)
    }
    assert documented == {key.collection: str(key) for key in service.catalogue.shard_keys}


def test_what_is_claimed_by_its_id_stays_unique_over_all_shards(service):
    """Only the id itself, hashed or not, is unique over shards."""
    others = {
        key.collection for key in service.catalogue.shard_keys if key.keys and "_id" not in key.keys
    }
    # Their ids are random, or made of the shard key.
    assert others == {"conversations", "uploads.chunks"}


def test_every_unique_index_begins_with_the_shard_key(service):
    keys = {key.collection: tuple(key.keys.items()) for key in service.catalogue.shard_keys}
    unique = [index for index in service.catalogue.indexes if index.is_unique]
    assert [index.collection.name for index in unique] == ["uploads.chunks"]
    for index in unique:
        key = keys[index.collection.name]
        assert index.keys[: len(key)] == key


def test_single_server_shows_what_a_cluster_would_get(service, capsys):
    code, lines = run(service, capsys, "--shard", "--apply")
    assert (code, lines[1]) == (
        0,
        "shard keys: none can be set on a single server; a sharded cluster would get these:",
    )
    assert any(line.startswith("shard     bookings: {_id: hashed} (") for line in lines)
    assert not any("booking_tasks" in line for line in lines)


@pytest.fixture
def mongos(database_uri: str) -> Iterator[ReplicaSet]:
    """Two mongos that take every command."""
    with replica_set(urlsplit(database_uri).port, members=2, is_mongos=True) as found:
        names = ("enableSharding", "shardCollection", "createIndexes")
        found.answers |= {"buildInfo": [REAL]} | {name: [DONE] for name in names}
        yield found


@pytest.fixture
def cluster(build_service, mongos, database_uri):
    """A service on them whose operator creates the indexes."""
    name = urlsplit(database_uri).path.lstrip("/")
    return build_service({"MONGODB_URI": mongos.uri(name), **OPERATOR})


def sharded(mongos: ReplicaSet) -> dict[str, dict[str, Any]]:
    """Return the key of each collection that was sharded, by its full name."""
    return {one.collection: one.document["key"] for one in mongos.named("shardCollection")}


def test_mongos_gets_every_key_and_its_index_first(cluster, mongos, capsys):
    assert run(cluster, capsys, "--shard")[0] == 0
    assert sharded(mongos) == {}
    assert run(cluster, capsys, "--shard", "--apply")[0] == 0
    database = cluster.mongo.database.name
    keys = {key.collection: dict(key.keys) for key in cluster.catalogue.shard_keys if key.keys}
    assert sharded(mongos) == {f"{database}.{name}": key for name, key in keys.items()}
    assert {one.collection for one in mongos.named("enableSharding")} == {database}
    order = [
        (one.name, one.collection.removeprefix(f"{database}."))
        for one in mongos.named("createIndexes", "shardCollection")
    ]
    for name in keys:
        assert order.index(("createIndexes", name)) < order.index(("shardCollection", name))


def test_sharded_collection_is_left_as_it_is(cluster, mongos, capsys):
    database = cluster.mongo.database.name
    mongos.answers["find"] = [
        cursor(
            {"_id": f"{database}.bookings", "key": {"_id": "hashed"}},
            {"_id": f"{database}.slots", "key": {"therapist_id": 1}},
            {"_id": f"{database}.posts", "key": {"_id": 1}},
            {"_id": f"{database}.care", "key": {"_id": 1}, "dropped": True},
        )
    ]
    code, lines = run(cluster, capsys, "--shard", "--apply")
    assert "conflict  slots: {_id: 1} (it is {therapist_id: 1}: see reshardCollection)" in lines
    assert "conflict  posts: not sharded (it is {_id: 1}: see reshardCollection)" in lines
    assert (code, "1 are as they should be" in lines) == (0, True)
    names = {name.removeprefix(f"{database}.") for name in sharded(mongos)}
    assert (names & {"bookings", "slots", "posts"}, "care" in names) == (set(), True)


def test_index_of_a_shard_key_is_not_unknown(service, capsys):
    service.mongo.database["bookings"].create_index([("_id", 1)], name="_id_hashed")
    _, lines = run(service, capsys)
    assert [line for line in lines if line.startswith("unknown")] == []
