"""Accounts and the credentials that open them, in MongoDB.

Credentials are found by their e-mail and accounts by their id, so both are an ``_id``: unique on
MongoDB and FerretDB alike, and no scan. An account is written before its credentials; what a crash
leaves between the two is an account that nobody can open.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Self

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

Role = Literal["member", "therapist", "author", "admin"]


class EmailTaken(Exception):
    """There is an account of that e-mail."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody.

    Args:
        account_id: UUID; its ``_id``.
        email: In lower case.
        created_at: In UTC, to the millisecond.
    """

    account_id: str
    email: str
    name: str
    role: Role
    created_at: datetime

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The account that a document holds."""
        return cls(
            account_id=document["_id"],
            **{name: value for name, value in document.items() if name != "_id"},
        )


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens an account.

    Args:
        account_id: Of the account.
        password_hash: As ``Passwords`` makes it; never shown.
    """

    account_id: str
    password_hash: str


class Accounts:
    """Repository of accounts.

    Args:
        accounts: Returns time-zone aware datetimes.
        credentials: By e-mail.
    """

    def __init__(
        self, accounts: Collection[dict[str, Any]], credentials: Collection[dict[str, Any]]
    ) -> None:
        self._accounts = accounts
        self._credentials = credentials

    def add(self, account: Account, password_hash: str) -> None:
        """Store an account.

        Raises:
            EmailTaken: There is one already; it is left as it is.
        """
        fields = asdict(account)
        self._accounts.insert_one({"_id": fields.pop("account_id"), **fields})
        try:
            self._credentials.insert_one(
                {
                    "_id": account.email,
                    "account_id": account.account_id,
                    "password_hash": password_hash,
                }
            )
        except DuplicateKeyError:
            self._accounts.delete_one({"_id": account.account_id})
            raise EmailTaken from None  # the server's text repeats the e-mail

    def get(self, account_id: str) -> Account | None:
        """The account of that id."""
        document = self._accounts.find_one({"_id": account_id})
        return Account.from_document(document) if document else None

    def credentials(self, email: str) -> Credentials | None:
        """What opens the account of that e-mail, in lower case."""
        document = self._credentials.find_one({"_id": email})
        return Credentials(document["account_id"], document["password_hash"]) if document else None

    def change_password(self, email: str, password_hash: str) -> None:
        """Replace the password hash of an e-mail's credentials."""
        self._credentials.update_one({"_id": email}, {"$set": {"password_hash": password_hash}})

    def set_role(self, account_id: str, role: Role) -> bool:
        """Give an account a role; false when there is no such account. Tokens that are out keep the
        old one until they expire.
        """
        return (
            self._accounts.update_one({"_id": account_id}, {"$set": {"role": role}}).matched_count
            == 1
        )
