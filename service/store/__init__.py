"""MongoDB: one client a process, its repositories, and the first contact with it.

Nothing here knows HTTP. Building a store opens no connection: ``start`` does, in the background.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import gevent
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure

from service.config import ServiceConfig
from service.store.accounts import Account, Accounts, EmailTaken, Role
from service.store.allowance import Quota, QuotaExceeded
from service.store.care import Care
from service.store.conversations import (
    Conversation,
    ConversationMessage,
    Conversations,
    new_id,
    time_of,
)
from service.store.files import FileGone, Files, StoredFile
from service.store.first_contact import FirstContact
from service.store.guesses import Guesses, Patience
from service.store.leases import Held, Lease, Leases
from service.store.logins import Logins, Renewed
from service.store.models import BlogPost, PostStatus
from service.store.payment_events import PaymentEvents
from service.store.posts import Page, Position, Posts, SlugTaken
from service.store.sessions import Sessions
from service.store.upload import UploadTooLarge, UploadTooSlow
from telemetry.health import HealthEvidence

__all__ = [
    "Account",
    "Accounts",
    "BlogPost",
    "Care",
    "Conversation",
    "ConversationMessage",
    "Conversations",
    "EmailTaken",
    "FileGone",
    "Files",
    "Guesses",
    "Held",
    "Lease",
    "Leases",
    "Logins",
    "Page",
    "PaymentEvents",
    "Position",
    "PostStatus",
    "Posts",
    "Quota",
    "QuotaExceeded",
    "Renewed",
    "Role",
    "Sessions",
    "SlugTaken",
    "Store",
    "StoredFile",
    "Unreachable",
    "UploadTooLarge",
    "UploadTooSlow",
    "connect",
    "new_id",
    "time_of",
]

DEFAULT_DATABASE = "serene"

Unreachable = ConnectionFailure
"""MongoDB does not answer; for who has something better to do then than to fail."""


class Store:
    """The database of this process.

    Args:
        client: Not connected yet.
        patience: With wrong passwords.
        quota: Of each account's files.
        sleep: Waits so many seconds between attempts to reach the database.
    """

    def __init__(
        self,
        client: MongoClient[dict[str, Any]],
        patience: Patience,
        quota: Quota,
        *,
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        self.client = client
        self.database = client.get_default_database(DEFAULT_DATABASE)
        self.posts = Posts(self.database["posts"])
        self.post_leases = Leases(self.database["post_leases"])
        self.accounts = Accounts(self.database["accounts"], self.database["credentials"])
        self.logins = Logins(self.database["logins"], self.database["refresh_tokens"])
        self.care = Care(self.database["care"])
        self.sessions = Sessions(self.database)
        self.guesses = Guesses(self.database["guesses"], patience)
        self.conversations = Conversations(
            self.database["conversations"], self.database["conversation_messages"]
        )
        self.payment_events = PaymentEvents(self.database["payment_events"])
        self.files = Files(self.database, quota)
        self._first_contact = FirstContact(self.set_up, sleep=sleep)
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Make the first contact in the background; in the worker's process, once its hub is there."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._first_contact.run)

    def set_up(self) -> None:
        """Connect and create what is missing.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
        """
        self.client.admin.command("ping")
        self.posts.create_indexes()
        self.post_leases.create_indexes()
        self.logins.create_indexes()
        self.guesses.create_indexes()
        self.conversations.create_indexes()
        self.payment_events.create_indexes()
        self.files.create_indexes()
        self.sessions.create_indexes()

    def change_role(self, account_id: str, role: Role) -> Account | None:
        """Give an account a role, and end its logins when that is another one than before; ``None``
        when there is no such account.
        """
        account = self.accounts.get(account_id)
        if account is None or account.role == role:
            return account
        self.accounts.set_role(account_id, role)
        self.logins.end_all(account_id)
        return replace(account, role=role)

    def evidence(self) -> HealthEvidence:
        """Whether the first contact is made, or how it stands; a health indicator."""
        return self._first_contact.evidence()

    def close(self) -> None:
        """Give up trying and close every connection."""
        if self._greenlet is not None:
            self._greenlet.kill()
        self.client.close()


def connect(
    config: ServiceConfig,
    listeners: Sequence[Any] = (),
    *,
    sleep: Callable[[float], None] = gevent.sleep,
) -> Store:
    """A store on MongoDB; no connection is opened yet.

    Args:
        config: Where it is, the pool's sizes and the timeouts.
        listeners: pymongo event listeners.
        sleep: See ``Store``.
    """
    client: MongoClient[dict[str, Any]] = MongoClient(
        config.mongodb_uri,
        appname="serene",
        connect=False,
        tz_aware=True,
        event_listeners=list(listeners),
        maxPoolSize=config.max_pool_size,
        minPoolSize=config.min_pool_size,
        serverSelectionTimeoutMS=_milliseconds(config.server_selection_timeout_seconds),
        connectTimeoutMS=_milliseconds(config.connect_timeout_seconds),
        socketTimeoutMS=_milliseconds(config.socket_timeout_seconds),
        waitQueueTimeoutMS=_milliseconds(config.wait_queue_timeout_seconds),
    )
    patience = Patience(
        config.guesses_per_account,
        config.guesses_per_address,
        config.first_lockout_seconds,
        config.longest_lockout_seconds,
    )
    quota = Quota(config.file_quota_bytes, config.file_quota_count, config.file_upload_seconds)
    return Store(client, patience, quota, sleep=sleep)


def _milliseconds(seconds: float) -> int:
    # pymongo reads 0 as "no time-out at all".
    return max(1, round(seconds * 1e3))
