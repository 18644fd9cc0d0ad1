"""Logins that can be renewed, in MongoDB: one document each, and one for the hash of the token that
is good now.

A token names its login and is used once: using it is deleting its document, which only one request
can (FerretDB's updates are not atomic, its deletes are). A token that is not there was used before,
by its owner or by a thief: which of them it was nobody can know, so the login ends for both.

Source: RFC 9700, 4.14.2 (refresh token rotation).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from pymongo.collection import Collection

from service.mongo.clock import utc_now
from service.mongo.indexes import LOGINS

_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Renewed:
    """A login after one of its tokens was used.

    Args:
        account_id: Whose it is.
        token: The next one.
    """

    account_id: str
    token: str


class RefreshTokens:
    """Repository of logins.

    Args:
        logins: Returns time-zone aware datetimes.
        tokens: By hash.
        now: In UTC.
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

    def begin(self, account_id: str, good_for_seconds: float) -> str:
        """A new login; those of the account that have expired are thrown away, as FerretDB has no
        index that would.

        Returns:
            Its first token.
        """
        now = self._now()
        self._forget_expired(account_id, now)
        login_id = secrets.token_urlsafe(16)
        expires_at = now + timedelta(seconds=good_for_seconds)
        self._logins.insert_one(
            {
                "_id": login_id,
                "account_id": account_id,
                "ended": False,
                "begun_at": now,
                "expires_at": expires_at,
            }
        )
        return self._next(login_id)

    def renew(self, token: str) -> Renewed | None:
        """Use a token.

        Returns:
            The next one; ``None`` for one that is not good, which ends its login when there is one.
        """
        login_id = token.partition(".")[0]
        if self._tokens.delete_one({"_id": _digest(token)}).deleted_count != 1:
            self.end(token)
            return None
        login = self._logins.find_one(
            {"_id": login_id, "ended": False, "expires_at": {"$gt": self._now()}}
        )
        return Renewed(login["account_id"], self._next(login_id)) if login else None

    def end(self, token: str) -> None:
        """End the login of a token, whether the token is still good or not; one that there never
        was is none now either.
        """
        self._logins.update_one({"_id": token.partition(".")[0]}, {"$set": {"ended": True}})

    def end_all(self, account_id: str) -> None:
        """End every login of an account."""
        self._logins.update_many({"account_id": account_id}, {"$set": {"ended": True}})

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        for index in LOGINS:
            self._logins.create_indexes([index])

    def _next(self, login_id: str) -> str:
        token = f"{login_id}.{secrets.token_urlsafe(_BYTES)}"
        self._tokens.insert_one({"_id": _digest(token), "login_id": login_id})
        return token

    def _forget_expired(self, account_id: str, now: datetime) -> None:
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
    # The token is random, so there is nothing that a slow hash or a salt would protect.
    return sha256(token.encode()).hexdigest()
