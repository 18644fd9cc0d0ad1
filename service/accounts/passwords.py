"""Passwords as argon2id, in the hub's threadpool: on the hub one check would block every request.

Few are checked at once, because each takes a core and its own memory; a request that waits too long
is refused. A check for an account that does not exist takes as long as one for an existing account.

Passwords are hashed in their prepared form. Hashes of other forms and of other costs stay good, and
are outdated: the next login replaces them.
"""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any, Literal

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent.lock import BoundedSemaphore

from service.accounts.password_text import hashed_forms, prepared
from service.accounts.settings import AccountSettings
from telemetry import waiting

Match = Literal["no", "yes", "outdated"]
"""Whether a password matches its hash, and whether the hash is of another form or cost."""


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
        found: str = self._run(self._hasher.hash, prepared(password))
        return found

    def match(self, stored: str | None, password: str) -> Match:
        """Return whether a password matches its stored hash, and whether that is outdated.

        Args:
            stored: Result of ``hash``; ``None`` for an account that does not exist, which takes as
                long and does not match.
            password: Password of the request.

        Raises:
            Busy: Too many passwords are being checked.
        """
        given = hashed_forms(password)
        found: Match = self._run(self._matches, stored or self._hash_of_no_account, given)
        return "no" if stored is None else found

    def _matches(self, stored: str, forms: tuple[str, ...]) -> Match:
        # An exception in a thread of the pool is reported as uncaught as well, and a wrong
        # password is no failure.
        for form in forms:
            try:
                self._hasher.verify(stored, form)
            except (VerificationError, InvalidHashError):
                continue
            is_current = form == forms[0] and not self._hasher.check_needs_rehash(stored)
            return "yes" if is_current else "outdated"
        return "no"

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with waiting("threadpool"):
            if not self._slots.acquire(timeout=self._wait_seconds):
                raise Busy
            try:
                return gevent.get_hub().threadpool.apply(copy_context().run, (function, *arguments))
            finally:
                self._slots.release()
