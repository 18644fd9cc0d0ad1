"""Compares the database with the lists of indexes and shard keys, and makes the difference.

A plan only reads. Each of its steps is a command that changes nothing when it has been run before,
so a run can be repeated, and several runs can be under way at once: the server builds an index
once, however many ask for it. An index that no list has is reported and stays, because the version
before this one may need it.

Source: MongoDB's manual, "Index Builds on Populated Collections".
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from pymongo import ASCENDING, IndexModel
from pymongo.database import Database

from service.mongo.deployment import Deployment
from service.mongo.indexes import Index, Indexes, Keys, keys_of
from service.mongo.retention import Expiring, Retention, create_ttl_index
from service.mongo.sharding import ShardKey, ShardKeys, current_keys, shard

_log: Final = logging.getLogger(__name__)

Document = dict[str, Any]
Existing = Mapping[str, Mapping[str, Any]]
"""Indexes of a collection as the server describes them, by name."""
Action = Literal["create", "expire", "shard", "unchanged", "conflict", "unknown"]


class CannotExpire(Exception):
    """The server refuses to let an index expire documents."""


@dataclass(frozen=True, slots=True)
class Step:
    """One index or one shard key, and what is to be done with it.

    Args:
        action: ``conflict`` needs a person; ``unknown`` is in no list, and stays.
        collection: Its name.
        subject: The index or the shard key.
        detail: What a person has to know.
        run: Does it; ``None`` when nothing is to be done.
    """

    action: Action
    collection: str
    subject: str
    detail: str = ""
    run: Callable[[], object] | None = None

    def make(self) -> None:
        """Do it, if anything is to be done.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be used, or refuses.
            CannotExpire: See there.
        """
        if self.run is not None:
            self.run()

    def __str__(self) -> str:
        line = f"{self.action:<9} {self.collection}: {self.subject}"
        return f"{line} ({self.detail})" if self.detail else line


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What the database should have.

    Args:
        database: Of the service.
        indexes: Of the rooms' queries.
        retention: What expires.
        shard_keys: How each collection is spread.
    """

    database: Database[Document]
    indexes: Indexes
    retention: Retention
    shard_keys: ShardKeys


def plan_indexes(
    catalogue: Catalogue, deployment: Deployment, commit_quorum: str | int | None = None
) -> list[Step]:
    """Return one step for each index.

    Those of queries come first. Indexes that expire documents come after them, for the server
    begins to delete as soon as it has one.

    Args:
        catalogue: What the database should have.
        deployment: Whether documents can expire, and whether members vote on an index.
        commit_quorum: Members that must have built an index before it is used; the server's
            default when it is ``None``.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be used.
    """
    votes = commit_quorum is not None and deployment.is_replicated
    options: Document = {"commitQuorum": commit_quorum} if votes else {}
    existing = {
        name: _existing(catalogue.database, name) for name in sorted(catalogue.retention.names)
    }
    steps = [
        _index_step(index, existing[index.collection.name], options) for index in catalogue.indexes
    ]
    for entry in catalogue.retention.expiring:
        found = existing[entry.collection.name]
        steps.append(
            _expiry_step(entry, found)
            if deployment.has_ttl_indexes
            else _index_step(_plain_index(entry), found, options)
        )
    return steps + _unknown_steps(existing, steps, catalogue.shard_keys)


def report_missing(catalogue: Catalogue, deployment: Deployment) -> None:
    """Log what the database lacks, and sweep what it does not expire, where an operator migrates.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be used.
    """
    steps = plan_indexes(catalogue, deployment)
    pending = {(step.collection, step.subject) for step in steps if step.run is not None}
    if pending:
        _log.warning(
            "%d indexes are missing or differ, and MONGODB_CREATE_INDEXES is off: run "
            "python -m service.migrate --apply (first: %s)",
            len(pending),
            ": ".join(min(pending)),
        )
    catalogue.retention.sweep(
        [
            entry
            for entry in catalogue.retention.expiring
            if not deployment.has_ttl_indexes
            or (entry.collection.name, _plain_index(entry).name) in pending
        ]
    )


def plan_shards(catalogue: Catalogue, deployment: Deployment) -> list[Step]:
    """Return one step for each collection that is to be sharded.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be used.
    """
    database = catalogue.database
    is_sharded = deployment.kind == "sharded cluster"
    current = current_keys(database.client, database.name) if is_sharded else {}
    return [
        _shard_step(database, key, current.get(key.collection))
        for key in catalogue.shard_keys
        if key.keys or key.collection in current
    ]


def _shard_step(
    database: Database[Document], key: ShardKey, current: Mapping[str, Any] | None
) -> Step:
    if current is None:
        return Step("shard", key.collection, str(key), key.reason, partial(shard, database, key))
    if list(current.items()) == list(key.keys.items()):
        return Step("unchanged", key.collection, str(key))
    found = ShardKey(key.collection, current, "")
    return Step("conflict", key.collection, str(key), f"it is {found}: see reshardCollection")


def _index_step(index: Index, existing: Existing, options: Document) -> Step:
    name, collection = index.name, index.collection.name
    found = _of_keys(existing, index.keys)
    if found is None:
        if name in existing:
            return Step("conflict", collection, name, "another index has its name")
        return Step("create", collection, name, "", partial(index.create, **options))
    if bool(found.get("unique")) != index.is_unique:
        return Step("conflict", collection, name, "unique in one of them only: drop it first")
    return Step("unchanged", collection, str(found["name"]))


def _expiry_step(entry: Expiring, existing: Existing) -> Step:
    index = _plain_index(entry)
    name, collection, seconds = index.name, entry.collection.name, int(entry.keep_seconds)
    detail = f"documents expire {seconds} s after {entry.field}"
    found = _of_keys(existing, index.keys)
    if found is None:
        return Step("create", collection, name, detail, partial(_expire, entry))
    if found.get("expireAfterSeconds") != seconds:
        return Step("expire", collection, str(found["name"]), detail, partial(_expire, entry))
    return Step("unchanged", collection, str(found["name"]))


def _expire(entry: Expiring) -> None:
    if not create_ttl_index(entry):
        raise CannotExpire("the server does not let it expire documents")


def _plain_index(entry: Expiring) -> Index:
    return Index(entry.collection, IndexModel([(entry.field, ASCENDING)]))


def _unknown_steps(
    existing: Mapping[str, Existing], steps: Sequence[Step], shard_keys: ShardKeys
) -> list[Step]:
    listed = {(step.collection, step.subject) for step in steps}
    listed |= {
        (key.collection, IndexModel(list(key.keys.items())).document["name"])
        for key in shard_keys
        if key.keys
    }
    return [
        Step("unknown", name, index, "in no list: drop it once no version needs it")
        for name, found in existing.items()
        for index in found
        if index != "_id_" and (name, index) not in listed
    ]


def _of_keys(existing: Existing, keys: Keys) -> Mapping[str, Any] | None:
    return next((index for index in existing.values() if keys_of(index) == keys), None)


def _existing(database: Database[Document], name: str) -> Existing:
    return {index["name"]: index for index in database[name].list_indexes()}
