"""Accounts and their credentials in MongoDB.

Credentials have the e-mail as ``_id`` and accounts their own id, so both are unique on MongoDB and
FerretDB alike and are found without a scan. An account is written before its credentials; a crash
between the two leaves an account that no credentials open.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.accounts.model import Account, Credentials, EmailTaken, Role


class AccountRepository:
    """Accounts and credentials.

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
        """Store an account and its credentials.

        Raises:
            EmailTaken: Another account has the e-mail; it is unchanged.
        """
        fields = asdict(account)
        self._accounts.insert_one({"_id": fields.pop("account_id"), **fields})
        credentials = {
            "_id": account.email,
            "account_id": account.account_id,
            "password_hash": password_hash,
        }
        is_new = True
        try:
            self._credentials.insert_one(credentials)
        except DuplicateKeyError:
            is_new = False
        # A new account deletes nothing: its time would differ without the command.
        self._accounts.delete_one({"_id": "" if is_new else account.account_id})
        if not is_new:
            raise EmailTaken  # not the server's error, whose text repeats the e-mail

    def get(self, account_id: str) -> Account | None:
        """Return the account of that id."""
        document = self._accounts.find_one({"_id": account_id})
        return _account(document) if document else None

    def credentials(self, email: str) -> Credentials | None:
        """Return the credentials of an e-mail, given in lower case."""
        document = self._credentials.find_one({"_id": email})
        return Credentials(document["account_id"], document["password_hash"]) if document else None

    def change_password(self, email: str, password_hash: str) -> None:
        """Replace the password hash of an e-mail's credentials."""
        self._credentials.update_one({"_id": email}, {"$set": {"password_hash": password_hash}})

    def replace_hash(self, email: str, old_hash: str, new_hash: str) -> None:
        """Replace an outdated hash, unless the password was changed meanwhile."""
        self._credentials.update_one(
            {"_id": email, "password_hash": old_hash}, {"$set": {"password_hash": new_hash}}
        )

    def set_role(self, account_id: str, role: Role) -> bool:
        """Give an account a role; issued tokens keep the old one until they expire.

        Returns:
            Whether the account exists.
        """
        result = self._accounts.update_one({"_id": account_id}, {"$set": {"role": role}})
        return result.matched_count == 1


def _account(document: Mapping[str, Any]) -> Account:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return Account(account_id=document["_id"], **fields)
