"""How each collection is spread over shards, in one list that rooms add to.

The rooms decide by inserts under a natural ``_id``. Only a shard key that is the ``_id``, hashed or
not, keeps it unique over all shards, so it is the key of everything that claims something. Hashed
spreads writes evenly; not hashed keeps a range of ids, which one query reads, on one shard. A
collection that stays small is not sharded: its queries would ask every shard for nothing.

Source: MongoDB's manual, "Shard Keys", "Unique Indexes" on sharded collections.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShardKey:
    """How one collection is spread.

    Args:
        collection: Its name.
        keys: Fields and how each counts, ``1`` or ``"hashed"``; empty when it is not sharded.
        reason: Why.
    """

    collection: str
    keys: Mapping[str, int | str]
    reason: str

    def __str__(self) -> str:
        fields = ", ".join(f"{name}: {value}" for name, value in self.keys.items())
        return f"{{{fields}}}" if fields else "not sharded"


class ShardKeys:
    """The list of a process."""

    def __init__(self) -> None:
        self._keys: dict[str, ShardKey] = {}

    def __iter__(self) -> Iterator[ShardKey]:
        return iter(self._keys.values())

    def add(self, keys: Mapping[str, int | str], reason: str, *names: str) -> None:
        """Add collections with a shard key.

        Args:
            keys: See ``ShardKey``.
            reason: Why this key.
            names: Names of the collections.
        """
        for name in names:
            self._keys[name] = ShardKey(name, keys, reason)

    def hashed(self, reason: str, *names: str) -> None:
        """Add collections that are spread by the hash of their ``_id``."""
        self.add({"_id": "hashed"}, reason, *names)

    def ranged(self, reason: str, *names: str) -> None:
        """Add collections whose ranges of ``_id`` stay together."""
        self.add({"_id": 1}, reason, *names)

    def unsharded(self, reason: str, *names: str) -> None:
        """Add collections that stay on one shard."""
        self.add({}, reason, *names)


def current_keys(client: "MongoClient[Document]", database: str) -> dict[str, Mapping[str, Any]]:
    """Return the shard keys of a database's collections, by name.

    Args:
        client: Connected to a mongos.
        database: Name of the database.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be used, or it is not a sharded cluster.
    """
    prefix = f"{database}."
    found = client["config"]["collections"].find({"_id": {"$gte": prefix, "$lt": f"{database}/"}})
    return {one["_id"].removeprefix(prefix): one["key"] for one in found if not one.get("dropped")}


def shard(database: Database[Document], key: ShardKey) -> None:
    """Shard a collection, also one that has documents.

    Args:
        database: Of a client that is connected to a mongos.
        key: Its shard key.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be used, or refuses.
    """
    admin, collection = database.client.admin, database[key.collection]
    admin.command("enableSharding", database.name)
    # MongoDB makes this index itself for an empty collection only.
    collection.create_index(list(key.keys.items()))
    admin.command("shardCollection", collection.full_name, key=dict(key.keys))
