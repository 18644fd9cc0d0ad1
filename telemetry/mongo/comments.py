"""The trace of a request as a comment on each of its commands, for MongoDB's own log and profiler.

pymongo has no hook that may change a command: listeners are called once it is encoded. Every
command passes through its client's ``_send_cluster_time`` before that, so that the one attribute is
set on the one client, and deleted to undo it; nothing of pymongo's classes or modules is touched.
The attribute is private: where it is missing, or what it receives is not as expected, no comment is
added and one line in the log reports it.

A server from 4.4 on (wire version 9) takes a comment of any command; an application's own stays.
"""

import inspect
import logging
from collections.abc import MutableMapping
from typing import Any, Final

import pymongo

from telemetry.guard import Guard
from telemetry.requests.record import current_record

HOOK: Final = "_send_cluster_time"
PARAMETERS: Final = ("command", "session")
WIRE_VERSION: Final = 9
"""Of MongoDB 4.4, the first one that takes a comment of each of these commands.

Source: MongoDB's manual, "comment" of each command: new in 4.4.
"""
COMMENTED: Final = frozenset(
    {
        *("aggregate", "count", "delete", "distinct", "find", "findAndModify"),
        *("getMore", "insert", "update"),
    }
)

_log = logging.getLogger("telemetry.mongo")


class Comments:
    """Adds comments to the commands of one client at a time.

    Args:
        guard: Stands around each command.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard.at("mongo.comment")
        self._client: pymongo.MongoClient[Any] | None = None
        self._description: object = None
        self._accepted = False

    def install(self, client: "pymongo.MongoClient[Any]") -> bool:
        """Comment the commands of a client from now on.

        Args:
            client: The application's.

        Returns:
            Whether this pymongo can be hooked into.
        """
        self.remove()
        hook = getattr(client, HOOK, None)
        if hook is None or tuple(inspect.signature(hook).parameters) != PARAMETERS:
            _log.warning(
                "TELEMETRY_MONGO_COMMENT has no effect with pymongo %s: commands get no comment",
                pymongo.version,
            )
            return False

        def commented(command: MutableMapping[str, Any], session: Any) -> None:
            hook(command, session)
            try:
                self._comment(command, client)
            except Exception as error:
                self._guard.caught(error)

        setattr(client, HOOK, commented)
        self._client = client
        return True

    def remove(self) -> None:
        """Comment no more commands."""
        client, self._client = self._client, None
        if client is not None:
            vars(client).pop(HOOK, None)

    def _comment(
        self, command: MutableMapping[str, Any], client: "pymongo.MongoClient[Any]"
    ) -> None:
        record = current_record()
        if (
            record is not None
            and "comment" not in command
            and next(iter(command)) in COMMENTED
            and self._accepts(client)
        ):
            command["comment"] = f"trace_id={record.trace_id}"

    def _accepts(self, client: "pymongo.MongoClient[Any]") -> bool:
        description = client.topology_description
        if description is not self._description:  # a new one after each change of the deployment
            servers = description.server_descriptions().values()
            self._description = description
            self._accepted = all(
                server.max_wire_version >= WIRE_VERSION
                for server in servers
                if server.is_server_type_known
            )
        return self._accepted
