"""Wrong passwords, counted in MongoDB by e-mail and by address, so that guessing has to wait longer
and longer on every worker.

A guess is a document, written before the password is looked at: however many arrive at once, each
sees those before it, and no more of them are let through. (A counter would not do: FerretDB's
updates are not atomic, its inserts are.) An e-mail counts the same whether there is an account of
it or not, and only its hash is kept.

Source: OWASP's authentication cheat sheet (exponential lockout).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from pymongo.collection import Collection

from service.mongo.clock import utc_now
from service.mongo.indexes import GUESSES

FORGOTTEN_AFTER_LOCKOUTS: Final = 4
_MOST_DOUBLINGS: Final = 32


@dataclass(frozen=True, slots=True)
class LockoutPolicy:
    """How many wrong guesses are taken, and how long the wait is then."""

    per_account: int
    per_address: int
    first_seconds: float
    longest_seconds: float

    def wait_seconds(self, failures: int, allowed: int) -> float:
        """The wait after so many wrong guesses; 0 while there are not too many."""
        if failures < allowed:
            return 0.0
        doubled: float = self.first_seconds * 2 ** min(failures - allowed, _MOST_DOUBLINGS)
        return min(self.longest_seconds, doubled)


class LoginAttempts:
    """Repository of wrong guesses.

    Args:
        collection: Returns time-zone aware datetimes.
        patience: Limits.
        now: In UTC.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        patience: LockoutPolicy,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._collection = collection
        self._patience = patience
        self._now = now

    def count(self, email: str, address: str) -> float:
        """Count a guess that is about to be made, as if it were wrong.

        Returns:
            Seconds to wait before it may be made; 0 when it may be made now. One that has to wait
            is not counted.
        """
        now = self._now()
        guesses = [
            (self._add(key, now), key, allowed) for key, allowed in self._keys(email, address)
        ]
        waiting = max(self._left(guess, key, allowed, now) for guess, key, allowed in guesses)
        if waiting:
            self._collection.delete_many({"_id": {"$in": [guess for guess, *_ in guesses]}})
        return waiting

    def was_right(self, email: str, address: str) -> None:
        """Forget the guesses for the e-mail; of those from the address only one, or an attacker's
        own account would clear it.
        """
        (account_key, _), (address_key, _) = self._keys(email, address)
        self._collection.delete_many({"key": account_key})
        self._collection.delete_one({"key": address_key})

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        for index in GUESSES:
            self._collection.create_indexes([index])

    def _keys(self, email: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
        hashed = sha256(email.encode()).hexdigest()
        return (f"email:{hashed}", self._patience.per_account), (
            f"address:{address}",
            self._patience.per_address,
        )

    def _add(self, key: str, now: datetime) -> str:
        guess = uuid4().hex
        forgotten_before = now - timedelta(
            seconds=FORGOTTEN_AFTER_LOCKOUTS * self._patience.longest_seconds
        )
        self._collection.delete_many({"key": key, "at": {"$lt": forgotten_before}})
        self._collection.insert_one({"_id": guess, "key": key, "at": now})
        return guess

    def _left(self, guess: str, key: str, allowed: int, now: datetime) -> float:
        others = [
            found["at"] for found in self._collection.find({"key": key}) if found["_id"] != guess
        ]
        if not others:
            return 0.0
        until = max(others) + timedelta(seconds=self._patience.wait_seconds(len(others), allowed))
        return max(0.0, (until - now).total_seconds()) if len(others) >= allowed else 0.0
