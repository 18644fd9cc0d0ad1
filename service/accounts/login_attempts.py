"""Login attempts in MongoDB, by e-mail and by address, so that lockouts hold on every worker.

An attempt is a document, inserted before the password is verified: of many concurrent attempts each
sees those before it, so no more of them are allowed. (A counter would not do: FerretDB's updates
are not atomic, its inserts are.) An e-mail counts the same with and without an account, and only
its hash is stored.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection

from service.accounts.login_lockout import LockoutPolicy
from service.mongo.clock import utc_now

INDEX: Final = IndexModel([("key", ASCENDING)])


class LoginAttempts:
    """Repository of login attempts that failed or have not succeeded yet.

    Args:
        collection: Returns time-zone aware datetimes.
        policy: Limits and lockouts.
        now: Current time in UTC.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        policy: LockoutPolicy,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._collection = collection
        self._policy = policy
        self._now = now

    def begin(self, email: str, address: str) -> float:
        """Count an attempt that is about to be made, as if it failed.

        Returns:
            Seconds to wait before it may be made; 0 when it may be made now. An attempt that has to
            wait is not counted.
        """
        now = self._now()
        attempts = [
            (self._insert(key, now), key, allowed) for key, allowed in self._keys(email, address)
        ]
        waiting = max(
            self._remaining_seconds(attempt, key, allowed, now)
            for attempt, key, allowed in attempts
        )
        if waiting:
            self._collection.delete_many({"_id": {"$in": [attempt for attempt, *_ in attempts]}})
        return waiting

    def succeed(self, email: str, address: str) -> None:
        """Delete the attempts for the e-mail and one attempt from the address.

        Only one, or an attacker's own account would reset the address.
        """
        (account_key, _), (address_key, _) = self._keys(email, address)
        self._collection.delete_many({"key": account_key})
        self._collection.delete_one({"key": address_key})

    def create_indexes(self) -> None:
        """Create missing indexes."""
        self._collection.create_indexes([INDEX])

    def _keys(self, email: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
        hashed = sha256(email.encode()).hexdigest()
        return (f"email:{hashed}", self._policy.per_account), (
            f"address:{address}",
            self._policy.per_address,
        )

    def _insert(self, key: str, now: datetime) -> str:
        attempt = uuid4().hex
        expired_before = now - timedelta(seconds=self._policy.kept_seconds)
        self._collection.delete_many({"key": key, "at": {"$lt": expired_before}})
        self._collection.insert_one({"_id": attempt, "key": key, "at": now})
        return attempt

    def _remaining_seconds(self, attempt: str, key: str, allowed: int, now: datetime) -> float:
        others = [
            found["at"] for found in self._collection.find({"key": key}) if found["_id"] != attempt
        ]
        if len(others) < max(1, allowed):
            return 0.0
        lockout = timedelta(seconds=self._policy.lockout_seconds(len(others), allowed))
        remaining: timedelta = max(others) + lockout - now
        return max(0.0, remaining.total_seconds())
