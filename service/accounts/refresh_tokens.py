"""Refresh tokens in MongoDB: one document for each login, one for each token of its chain.

A token has the id of its login, its number in the chain and a secret. Using token *n* inserts the
document of token *n* + 1, which only one request can: MongoDB and FerretDB insert atomically, while
FerretDB's updates are not. The others find that document: within the grace they get the same
successor, later the login ends for everyone who has one of its tokens, as nothing distinguishes its
owner from a thief.

A successor is stored sealed with a key that only the token before it yields: who reads the database
gets no token from it.

Source: RFC 9700, 4.14.2 (refresh token rotation).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.accounts.refresh_token import RefreshToken
from service.mongo.clock import utc_now
from service.mongo.indexes import Indexes

INDEX: Final = IndexModel([("account_id", ASCENDING)])
SUPERSEDED_SECONDS: Final = 3600.0
"""How long the document of a used token is kept: longer than any request that read it may take."""

RefreshResult = Literal["renewed", "grace", "reuse", "ended", "unknown"]
"""What became of a refresh token.

A new successor, the one that another request got just before, a use after the grace, a login that
has ended or expired, a token that is not ours.
"""


@dataclass(frozen=True, slots=True)
class Renewal:
    """The use of a refresh token.

    Args:
        result: What became of it.
        account_id: Account of the login; empty when the token was refused.
        token: The next refresh token; empty when the token was refused.
    """

    result: RefreshResult
    account_id: str = ""
    token: str = ""


class RefreshTokens:
    """Repository of logins and their refresh tokens.

    Args:
        logins: Returns time-zone aware datetimes.
        tokens: By login and number; returns time-zone aware datetimes.
        grace_seconds: How long a used token gets the same successor again.
        now: Current time in UTC.
    """

    def __init__(
        self,
        logins: Collection[dict[str, Any]],
        tokens: Collection[dict[str, Any]],
        *,
        grace_seconds: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._logins = logins
        self._tokens = tokens
        self._grace = timedelta(seconds=grace_seconds)
        self._now = now

    def begin(self, account_id: str, valid_seconds: float) -> str:
        """Begin a login.

        Returns:
            The first refresh token of the login.
        """
        now = self._now()
        expires_at = now + timedelta(seconds=valid_seconds)
        first = RefreshToken.first()
        self._logins.insert_one(
            {
                "_id": first.login_id,
                "account_id": account_id,
                "ended": False,
                "begun_at": now,
                "expires_at": expires_at,
            }
        )
        self._insert(first, now, expires_at)
        return first.text

    def renew(self, text: str) -> Renewal:
        """Use a token; an invalid one ends its login, if it has one."""
        token, now = RefreshToken.parse(text), self._now()
        login = self._logins.find_one({"_id": token.login_id}) if token else None
        if token is None or login is None:
            return Renewal("unknown")
        if login["ended"] or login["expires_at"] <= now:
            return Renewal("ended")
        if not self._is_issued(token, now):
            return self._reused(token)
        successor = token.successor()
        if self._insert(successor, now, login["expires_at"], sealed=token.seal(successor)):
            self._supersede(token, now)
            return self._renewal("renewed", successor)
        found = self._document(token.login_id, token.number + 1)
        if found is None or now - found["at"] > self._grace:
            return self._reused(token)
        return self._renewal("grace", self._latest(token, found))

    def end(self, text: str) -> None:
        """End the login of a token, whether or not the token is still valid."""
        self._end(text.partition(".")[0])

    def end_all(self, account_id: str) -> None:
        """End every login of an account."""
        self._logins.update_many({"account_id": account_id}, {"$set": {"ended": True}})

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._logins, INDEX)

    def _renewal(self, result: RefreshResult, token: RefreshToken) -> Renewal:
        # Read again: a login that ended meanwhile, by a logout or a new password, stays ended.
        login = self._logins.find_one({"_id": token.login_id})
        if login is None or login["ended"]:
            return Renewal("ended")
        return Renewal(result, login["account_id"], token.text)

    def _reused(self, token: RefreshToken) -> Renewal:
        self._end(token.login_id)
        return Renewal("reuse")

    def _end(self, login_id: str) -> None:
        # Nothing else updates a login, so nothing is lost where updates are not atomic.
        self._logins.update_one({"_id": login_id}, {"$set": {"ended": True}})

    def _is_issued(self, token: RefreshToken, now: datetime) -> bool:
        found = self._document(token.login_id, token.number)
        # An expired document must not count: the one of its successor may be deleted before it.
        return found is not None and found["expires_at"] > now and found["digest"] == token.digest

    def _latest(self, token: RefreshToken, found: Mapping[str, Any] | None) -> RefreshToken:
        """Return the end of the chain: the successor may have been used as well by now."""
        while found is not None:
            token = token.unseal(found["sealed"])
            found = self._document(token.login_id, token.number + 1)
        return token

    def _insert(
        self, token: RefreshToken, now: datetime, expires_at: datetime, *, sealed: str = ""
    ) -> bool:
        document = {
            "_id": _key(token.login_id, token.number),
            "digest": token.digest,
            "sealed": sealed,
            "at": now,
            "expires_at": expires_at,
        }
        try:
            self._tokens.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    def _supersede(self, token: RefreshToken, now: datetime) -> None:
        # The one before, too, in case that its request was cut off here.
        soon = now + timedelta(seconds=SUPERSEDED_SECONDS)
        for number in range(max(0, token.number - 1), token.number + 1):
            self._tokens.update_one(
                {"_id": _key(token.login_id, number), "expires_at": {"$gt": soon}},
                {"$set": {"expires_at": soon}},
            )

    def _document(self, login_id: str, number: int) -> Mapping[str, Any] | None:
        return self._tokens.find_one({"_id": _key(login_id, number)})


def _key(login_id: str, number: int) -> str:
    return f"{login_id}#{number:06d}"
