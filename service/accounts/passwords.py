"""Passwords as argon2id, in the hub's threadpool: on the hub one check would stop every other
request for as long as it takes.

Few at once, because each takes a core and its own memory; who waits too long is told to come back.
An account that does not exist costs the same as one that does.
"""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent.lock import BoundedSemaphore

from service.accounts.settings import AccountSettings
from telemetry import waiting


class Busy(Exception):
    """Too many passwords are being checked."""


class Passwords:
    """Hashes and checks passwords.

    Args:
        settings: Costs, how many at once, and how long to wait for a turn.
    """

    def __init__(self, settings: AccountSettings) -> None:
        self._hasher = PasswordHasher(
            settings.password_time_cost, settings.password_memory_kib, parallelism=1
        )
        self._turns = BoundedSemaphore(settings.passwords_at_once)
        self._wait_seconds = settings.password_wait_seconds
        self._nobody = self._hasher.hash("nobody")

    def hash(self, password: str) -> str:
        """The password as it is stored.

        Raises:
            Busy: No turn came.
        """
        found: str = self._apply(self._hasher.hash, password)
        return found

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password.

        Args:
            stored: As hashed here; ``None`` for an account that does not exist, which takes as long
                and is false.
            password: As given.

        Raises:
            Busy: No turn came.
        """
        right: bool = self._apply(self._is_right, stored or self._nobody, password)
        return right and stored is not None

    def _is_right(self, stored: str, password: str) -> bool:
        # What a thread of the pool raises is reported as uncaught as well, and a wrong password is
        # no accident.
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with waiting("threadpool"):
            if not self._turns.acquire(timeout=self._wait_seconds):
                raise Busy
            try:
                return gevent.get_hub().threadpool.apply(copy_context().run, (function, *arguments))
            finally:
                self._turns.release()
