"""The MongoDB client of a process, and the indexes that are created once it is connected.

Nothing here knows HTTP or a collection. Building a connection opens no socket; ``start`` connects
in the background.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import gevent
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

from service.mongo.connection_bootstrap import ConnectionBootstrap
from service.mongo.consistency import database_of
from service.mongo.deployment import Deployment, ask
from service.mongo.settings import MongoSettings
from telemetry import HealthEvidence

DEFAULT_DATABASE: Final = "serene"
Document = dict[str, Any]

Unreachable = PyMongoError
"""Raised when MongoDB does not answer, or refuses; see ``failures``."""


class MongoConnection:
    """The database of this process.

    Args:
        client: A client that has not connected yet.
        settings: How sure reads and writes are.
        sleep: Sleeps for so many seconds between attempts to connect.
    """

    def __init__(
        self,
        client: MongoClient[Document],
        settings: MongoSettings,
        *,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.client = client
        self.database: Database[Document] = database_of(client, DEFAULT_DATABASE, settings)
        self._settings = settings
        self._deployment: Deployment | None = None
        self._create_indexes: list[Callable[[], None]] = []
        self._bootstrap = ConnectionBootstrap(self.set_up, sleep=sleep)
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def on_connect(self, create_indexes: Callable[[], None]) -> None:
        """Call ``create_indexes`` once the database is reached for the first time.

        Args:
            create_indexes: Creates missing indexes; may be called again.
        """
        self._create_indexes.append(create_indexes)

    def start(self) -> None:
        """Connect in the background; call it in the worker's process, once its hub runs."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._bootstrap.run)

    def set_up(self) -> None:
        """Connect and create missing indexes.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
        """
        self.client.admin.command("ping")
        self.deployment()
        for create in self._create_indexes:
            create()

    def deployment(self) -> Deployment:
        """Return what the server is; it is asked once, and the log has what it lacks.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
        """
        if self._deployment is None:
            self._deployment = ask(self.client)
            self._deployment.log(self._settings)
        return self._deployment

    def try_now(self) -> None:
        """Make the next attempt to connect for the first time at once; no wait is left."""
        self._bootstrap.try_now()

    def evidence(self) -> HealthEvidence:
        """Report the first connection or the progress towards it; a health indicator."""
        return self._bootstrap.evidence()

    def close(self) -> None:
        """Stop connecting and close every connection."""
        if self._greenlet is not None:
            self._greenlet.kill()
        self.client.close()


def connect(
    settings: MongoSettings,
    listeners: Sequence[Any] = (),
    *,
    sleep: Callable[[float], None] | None = None,
) -> MongoConnection:
    """Return a connection to MongoDB that opens no socket yet.

    Args:
        settings: Address, pool sizes and time-outs.
        listeners: pymongo event listeners.
        sleep: See ``MongoConnection``.
    """
    client: MongoClient[Document] = MongoClient(
        settings.uri,
        appname="serene",
        connect=False,
        tz_aware=True,
        event_listeners=list(listeners),
        maxPoolSize=settings.max_pool_size,
        minPoolSize=settings.min_pool_size,
        serverSelectionTimeoutMS=_milliseconds(settings.server_selection_timeout_seconds),
        connectTimeoutMS=_milliseconds(settings.connect_timeout_seconds),
        socketTimeoutMS=_milliseconds(settings.socket_timeout_seconds),
        waitQueueTimeoutMS=_milliseconds(settings.wait_queue_timeout_seconds),
    )
    return MongoConnection(client, settings, sleep=sleep)


def _milliseconds(seconds: float) -> int:
    # pymongo takes 0 for "no time-out at all".
    return max(1, round(seconds * 1e3))
