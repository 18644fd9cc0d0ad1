"""How sure a write is before it counts, and which member answers a read.

A write counts once a majority of the replica set has it. The rooms decide by inserts of which one
wins, and a confirmed insert must not be undone by an election. A read is the primary's and sees
what the primary has, which the unique index of a lost insert saw too: a read of committed data only
could miss the winner. The loser may rely on what it reads then, because the reply to a lost insert
waits for the majority as well.

Two exceptions, each by name: ``WITHOUT_MAJORITY``, and reads of what any cache may store.

Source: MongoDB's manual, "Write Concern", "Read Concern", "Causal Consistency"; for the lost insert
the server's ``LastOpFixer`` and its test ``noop_writes_wait_for_write_concern.js``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import (
    Nearest,
    Primary,
    PrimaryPreferred,
    SecondaryPreferred,
)

from service.mongo.settings import MongoSettings, PublicReadMode

Document = dict[str, Any]

WAIT_SHARE: Final = 0.8
"""Share of the socket time-out in which the majority must confirm: the server then reports that it
did not, and the connection stays usable.
"""
_MODES: Final[Mapping[PublicReadMode, Callable[[int], Any]]] = {
    "primary": lambda _: Primary(),
    "primaryPreferred": lambda seconds: PrimaryPreferred(max_staleness=seconds),
    "secondaryPreferred": lambda seconds: SecondaryPreferred(max_staleness=seconds),
    "nearest": lambda seconds: Nearest(max_staleness=seconds),
}
COMMITTED: Final = ReadConcern("majority")
WITHOUT_MAJORITY: Final = {
    "login_attempts": "an election may forget the wrong passwords of its last seconds",
    "known_logins": "a forgotten pair is known again after its next login",
    "retention_passes": "a pass that is made twice deletes nothing more",
}
"""Collections whose writes count once the primary has them, and what may be lost."""


def database_of(
    client: "MongoClient[Document]", default_name: str, settings: MongoSettings
) -> Database[Document]:
    """Return the service's database: confirmed writes, and reads of the primary.

    Options of the connection string do not weaken this.

    Args:
        client: Has the name of the database in its connection string.
        default_name: Without one there.
        settings: Which members confirm.
    """
    wait_ms = max(1, round(settings.socket_timeout_seconds * WAIT_SHARE * 1e3))
    return client.get_default_database(
        default_name,
        read_preference=ReadPreference.PRIMARY,
        write_concern=WriteConcern(settings.write_concern, wtimeout=wait_ms),
        read_concern=ReadConcern("local"),
    )


def without_majority(collection: Collection[Document]) -> Collection[Document]:
    """Return one of ``WITHOUT_MAJORITY`` with writes that only the primary confirms.

    Raises:
        KeyError: The collection is not among them.
    """
    WITHOUT_MAJORITY[collection.name]
    return collection.with_options(write_concern=WriteConcern(1))


class PublicReads:
    """Reads for responses that any cache may store, which may be as old as the setting allows.

    Such a read sees only what a majority has, so no cache stores what an election undoes. A caller
    with a token may have written just now: the read is then the primary's, as every other one.

    Args:
        settings: Which member reads, and how far it may be behind.
        is_public: Whether the current request is one whose response any cache may store.
    """

    def __init__(self, settings: MongoSettings, is_public: Callable[[], bool]) -> None:
        self._preference = _MODES[settings.public_reads](settings.max_staleness_seconds)
        self._is_public = is_public

    def of(self, collection: Collection[Document]) -> Callable[[], Collection[Document]]:
        """Return a function that returns the collection as the current request may read it."""
        public = collection.with_options(read_preference=self._preference, read_concern=COMMITTED)
        return lambda: public if self._is_public() else collection
