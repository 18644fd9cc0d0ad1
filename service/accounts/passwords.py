"""Passwords as argon2id, in the hub's threadpool: on the hub one check would block every request.

Few are checked at once, because each takes a core and its own memory; a request that waits too long
is refused. A check for an account that does not exist takes as long as one for an existing account.
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
    """Hashes and verifies passwords.

    Args:
        settings: Costs, maximum number at once, and maximum wait.
    """

    def __init__(self, settings: AccountSettings) -> None:
        self._hasher = PasswordHasher(
            settings.password_time_cost, settings.password_memory_kib, parallelism=1
        )
        self._slots = BoundedSemaphore(settings.passwords_at_once)
        self._wait_seconds = settings.password_wait_seconds
        self._hash_of_no_account = self._hasher.hash("no account")

    def hash(self, password: str) -> str:
        """Hash a password for storage.

        Raises:
            Busy: Too many passwords are being checked.
        """
        found: str = self._run(self._hasher.hash, password)
        return found

    def verify(self, stored: str | None, password: str) -> bool:
        """Return whether a password matches its stored hash.

        Args:
            stored: Result of ``hash``; ``None`` for an account that does not exist, which takes as
                long and is false.
            password: Password of the request.

        Raises:
            Busy: Too many passwords are being checked.
        """
        matches: bool = self._run(self._matches, stored or self._hash_of_no_account, password)
        return matches and stored is not None

    def _matches(self, stored: str, password: str) -> bool:
        # An exception in a thread of the pool is reported as uncaught as well, and a wrong
        # password is no failure.
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with waiting("threadpool"):
            if not self._slots.acquire(timeout=self._wait_seconds):
                raise Busy
            try:
                return gevent.get_hub().threadpool.apply(copy_context().run, (function, *arguments))
            finally:
                self._slots.release()
