"""Login attempts in MongoDB, by e-mail and by address, so that lockouts hold on every worker.

An attempt is a document, inserted before the password is verified: of many concurrent attempts each
sees those before it, so no more of them are allowed. (A counter would not do: FerretDB's updates
are not atomic, its inserts are.) An e-mail counts the same with and without an account, and only
its hash is stored.

A pair of e-mail and address that logged in before is known: only its own wrong passwords lock it
out. So nobody can lock the owner of an account out of it from elsewhere, and an office is not
locked out by one of its computers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.accounts.login_lockout import LockoutPolicy
from service.mongo.clock import utc_now
from service.mongo.consistency import without_majority
from service.mongo.indexes import Indexes

INDEXES: Final = tuple(IndexModel([(name, ASCENDING)]) for name in ("pair", "email", "address"))
KNOWN_SECONDS: Final = 30 * 86400.0
"""How long a pair is known after its last login."""
_REFRESH_KNOWN_SECONDS: Final = 29 * 86400.0

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Keys:
    pair: str
    email: str
    address: str


class LoginAttempts:
    """Repository of login attempts that failed or have not succeeded yet.

    Args:
        attempts: Returns time-zone aware datetimes.
        known: Pairs that logged in before.
        policy: Limits and lockouts.
        now: Current time in UTC.
    """

    def __init__(
        self,
        attempts: Collection[Document],
        known: Collection[Document],
        policy: LockoutPolicy,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._attempts = without_majority(attempts)
        self._known = without_majority(known)
        self._policy = policy
        self._now = now

    def begin(self, email: str, address: str) -> float:
        """Count an attempt that is about to be made, as if it failed.

        Returns:
            Seconds to wait before it may be made; 0 when it may be made now. An attempt that has to
            wait is not counted.
        """
        now, keys, attempt = self._now(), _keys(email, address), uuid4().hex
        self._attempts.insert_one(
            {
                "_id": attempt,
                "pair": keys.pair,
                "email": keys.email,
                "address": keys.address,
                "at": now,
            }
        )
        others = [one for one in self._recent(keys, now) if one["_id"] != attempt]
        waiting = max(
            self._remaining_seconds(others, name, key, allowed, now)
            for name, key, allowed in self._limits(keys, now)
        )
        if waiting:
            self._attempts.delete_one({"_id": attempt})
        return waiting

    def succeed(self, email: str, address: str) -> None:
        """Delete the attempts of the pair, which is known from now on.

        Others for the e-mail or from the address stay: an attacker's own account would reset the
        address, and each login of the owner the e-mail.
        """
        keys, now = _keys(email, address), self._now()
        self._attempts.delete_many({"pair": keys.pair})
        expires_at = now + timedelta(seconds=KNOWN_SECONDS)
        try:
            self._known.insert_one({"_id": keys.pair, "expires_at": expires_at})
        except DuplicateKeyError:
            old = now + timedelta(seconds=_REFRESH_KNOWN_SECONDS)
            self._known.update_one(
                {"_id": keys.pair, "expires_at": {"$lt": old}}, {"$set": {"expires_at": expires_at}}
            )

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        indexes.add(self._attempts, *INDEXES)

    def _limits(self, keys: _Keys, now: datetime) -> list[tuple[str, str, int]]:
        limits = [("pair", keys.pair, self._policy.per_account)]
        known = self._known.find_one({"_id": keys.pair})
        if known is None or known["expires_at"] <= now:
            limits += [
                ("email", keys.email, self._policy.per_email),
                ("address", keys.address, self._policy.per_address),
            ]
        return limits

    def _recent(self, keys: _Keys, now: datetime) -> list[Mapping[str, Any]]:
        since = now - timedelta(seconds=self._policy.kept_seconds)
        either = [{"email": keys.email}, {"address": keys.address}]
        return list(self._attempts.find({"$or": either, "at": {"$gte": since}}))

    def _remaining_seconds(
        self, others: list[Mapping[str, Any]], name: str, key: str, allowed: int, now: datetime
    ) -> float:
        times = [one["at"] for one in others if one[name] == key]
        if len(times) < max(1, allowed):
            return 0.0
        lockout = timedelta(seconds=self._policy.lockout_seconds(len(times), allowed))
        remaining: timedelta = max(times) + lockout - now
        return max(0.0, remaining.total_seconds())


def _keys(email: str, address: str) -> _Keys:
    return _Keys(_hash(f"{email} {address}"), _hash(email), address)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
