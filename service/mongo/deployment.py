"""What answers at the address: one server, a replica set, or a sharded cluster.

Asked once, at the first connection. The same commands are sent to each of them; one server cannot
keep what a majority, a secondary or a session would give, and the log names that.

Source: MongoDB's ``hello`` and ``buildInfo`` commands; FerretDB names itself in ``buildInfo``.
"""

import logging
from dataclasses import dataclass
from typing import Any, Final, Literal

from pymongo import MongoClient

from service.mongo.settings import MongoSettings

Kind = Literal["single server", "replica set", "sharded cluster"]

ALONE: Final = (
    "MongoDB is a single server (%s): a confirmed write is on its disk only, writes are not "
    "retried, and every read is its own"
)
READS_CANNOT_BE_SPREAD: Final = "MONGODB_PUBLIC_READS=%s has no effect on a single server"

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the client is connected to.

    Args:
        kind: By its answer to ``hello``.
        name: Name of the replica set; empty for another kind.
        version: Of the server.
        has_ttl_indexes: Whether it deletes expired documents itself.
    """

    kind: Kind
    name: str
    version: str
    has_ttl_indexes: bool

    @property
    def is_replicated(self) -> bool:
        """Whether a majority of members can confirm a write."""
        return self.kind != "single server"

    def __str__(self) -> str:
        named = f" {self.name}" if self.name else ""
        return f"{self.kind}{named}, {self.version}"

    def log(self, settings: MongoSettings) -> None:
        """Log what the deployment is, and what it cannot keep."""
        if self.is_replicated:
            _log.info(
                "MongoDB is a %s: writes count once %s confirmed them, public reads are %s",
                self,
                settings.write_concern,
                settings.public_reads,
            )
            return
        # One disk is a choice elsewhere; in production it loses money with the disk.
        _log.log(logging.WARNING if settings.in_production else logging.INFO, ALONE, self.version)
        if settings.public_reads != "primary":
            _log.warning(READS_CANNOT_BE_SPREAD, settings.public_reads)


def ask(client: "MongoClient[dict[str, Any]]") -> Deployment:
    """Ask the server what it is.

    Raises:
        pymongo.errors.PyMongoError: It cannot be reached, or refuses.
    """
    hello = client.admin.command("hello")
    build = client.admin.command("buildInfo")
    ferretdb = str(build.get("ferretdbVersion", ""))
    name = str(hello.get("setName", ""))
    kind: Kind = "single server"
    if hello.get("msg") == "isdbgrid":
        kind, name = "sharded cluster", ""
    elif name:
        kind = "replica set"
    version = f"FerretDB {ferretdb}" if ferretdb else f"MongoDB {build.get('version', '')}"
    has_ttl_indexes = not ferretdb or ferretdb.startswith("v2.")
    return Deployment(kind, name, version, has_ttl_indexes)
