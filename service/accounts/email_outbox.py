"""E-mails to the owners of accounts, on their way out.

The service does not send: it stores each e-mail once in a collection, which a sender empties; one
that nobody has sent is deleted after days. In development the text is logged too. An e-mail has no
secret, and its log line has no address.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol
from uuid import uuid4

from pymongo.collection import Collection

from service.mongo.write_once import WriteOnceStore

log: Final = logging.getLogger(__name__)

KEPT_SECONDS: Final = 7 * 86400.0
"""How long an e-mail waits for its sender; later it would only surprise its reader."""

Kind = Literal["welcome", "account_exists"]


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail.

    Args:
        kind: Why it is sent.
        to: Address of its reader.
        subject: One line.
        text: Plain text, without secrets and personal data.
    """

    kind: Kind
    to: str
    subject: str
    text: str


class EmailOutbox(Protocol):
    """Takes e-mails for delivery."""

    def add(self, email: Email) -> None:
        """Take an e-mail; returns once it cannot be lost."""


class DatabaseOutbox:
    """Stores e-mails for a sender.

    Args:
        collection: By id; the sender deletes what it has sent.
        logs_text: Log each text, for development.
        now: Current time in UTC.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        *,
        logs_text: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._store = WriteOnceStore(collection)
        self._logs_text = logs_text
        self._now = now

    def add(self, email: Email) -> None:
        """Store an e-mail."""
        email_id, now = str(uuid4()), self._now()
        self._store.record(
            email_id,
            kind=email.kind,
            to=email.to,
            subject=email.subject,
            text=email.text,
            at=now,
            expires_at=now + timedelta(seconds=KEPT_SECONDS),
        )
        if self._logs_text:
            log.info("e-mail %s (%s) is in the outbox: %s", email_id, email.kind, email.text)


def welcome(to: str) -> Email:
    """Return the e-mail to the owner of a new account."""
    return Email(
        "welcome",
        to,
        "Welcome to Serene",
        "There is a new Serene account for this e-mail. If you did not register it, reply to this "
        "e-mail and we will delete it.",
    )


def account_exists(to: str) -> Email:
    """Return the e-mail to the owner of an account that was registered once more."""
    return Email(
        "account_exists",
        to,
        "You already have a Serene account",
        "A registration was sent for this e-mail, which has an account already. Nothing has "
        "changed: log in with the password that you have. If the registration was not yours, "
        "there is nothing to do.",
    )
