"""Refresh tokens in MongoDB: one document for each login, one for the hash of its valid token.

A token has the id of its login and is valid once: using it deletes its document, which only one
request can (FerretDB's updates are not atomic, its deletes are). A token without a document was
used before, by its owner or by a thief. Nothing distinguishes the two, so the login ends for both.

Source: RFC 9700, 4.14.2 (refresh token rotation).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection

from service.mongo.clock import utc_now

INDEX: Final = IndexModel([("account_id", ASCENDING)])
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Renewed:
    """A login after one of its tokens was used.

    Args:
        account_id: Account of the login.
        token: The next refresh token.
    """

    account_id: str
    token: str


class RefreshTokens:
    """Repository of logins and their refresh tokens.

    Args:
        logins: Returns time-zone aware datetimes.
        tokens: By hash.
        now: Current time in UTC.
    """

    def __init__(
        self,
        logins: Collection[dict[str, Any]],
        tokens: Collection[dict[str, Any]],
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._logins = logins
        self._tokens = tokens
        self._now = now

    def begin(self, account_id: str, valid_seconds: float) -> str:
        """Begin a login, and delete the account's expired ones, as FerretDB has no TTL indexes.

        Returns:
            The first refresh token of the login.
        """
        now = self._now()
        self._delete_expired(account_id, now)
        login_id = secrets.token_urlsafe(16)
        self._logins.insert_one(
            {
                "_id": login_id,
                "account_id": account_id,
                "ended": False,
                "begun_at": now,
                "expires_at": now + timedelta(seconds=valid_seconds),
            }
        )
        return self._issue(login_id)

    def renew(self, token: str) -> Renewed | None:
        """Use a token.

        Returns:
            The next token; ``None`` for an invalid token, whose login, if it has one, is ended.
        """
        login_id = token.partition(".")[0]
        if self._tokens.delete_one({"_id": _digest(token)}).deleted_count != 1:
            self.end(token)
            return None
        login = self._logins.find_one(
            {"_id": login_id, "ended": False, "expires_at": {"$gt": self._now()}}
        )
        return Renewed(login["account_id"], self._issue(login_id)) if login else None

    def end(self, token: str) -> None:
        """End the login of a token, whether or not the token is still valid."""
        self._logins.update_one({"_id": token.partition(".")[0]}, {"$set": {"ended": True}})

    def end_all(self, account_id: str) -> None:
        """End every login of an account."""
        self._logins.update_many({"account_id": account_id}, {"$set": {"ended": True}})

    def create_indexes(self) -> None:
        """Create missing indexes."""
        self._logins.create_indexes([INDEX])

    def _issue(self, login_id: str) -> str:
        token = f"{login_id}.{secrets.token_urlsafe(_BYTES)}"
        self._tokens.insert_one({"_id": _digest(token), "login_id": login_id})
        return token

    def _delete_expired(self, account_id: str, now: datetime) -> None:
        expired = [
            login["_id"]
            for login in self._logins.find(
                {"account_id": account_id, "expires_at": {"$lt": now}}, {"_id": True}
            )
        ]
        if expired:
            self._tokens.delete_many({"login_id": {"$in": expired}})
            self._logins.delete_many({"_id": {"$in": expired}})


def _digest(token: str) -> str:
    # The token is random, so a slow hash or a salt would protect nothing more.
    return sha256(token.encode()).hexdigest()
