"""Changes of documents of which each revision has exactly one successor.

Concurrent changes of one document do not overwrite each other, on FerretDB neither, whose updates
are not atomic: a change takes a lease of the revision, which only one request can hold; the others
wait for the outcome and read the document again. So a condition that held for the revision that was
read holds for the very revision that is replaced. A worker that dies during a change leaves a
lease, which expires after ``LEASE_SECONDS``.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from service.mongo.leases import Lease, Leases

LEASE_SECONDS: Final = 30.0
RETRY_DELAYS_SECONDS: Final = (0.01, 0.02, 0.03, *[0.05] * 60)
"""Between attempts to lock what other requests are changing: three seconds in all."""

T = TypeVar("T")


class RevisionLocked(Exception):
    """Other requests are changing the document and did not finish in time."""


class Revisions:
    """Changes documents, one request a revision.

    Args:
        leases: Lock revisions.
        now: In UTC, to the millisecond.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self, leases: Leases, *, now: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._leases = leases
        self._now = now
        self._sleep = sleep

    def change(
        self,
        find: Callable[[], T],
        name_of: Callable[[T], str],
        write: Callable[[T], bool],
        *,
        delays_seconds: Sequence[float] = RETRY_DELAYS_SECONDS,
    ) -> None:
        """Change a document.

        Args:
            find: Returns its current revision; raises where that must not be changed.
            name_of: Returns a name of the revision that no other one ever has.
            write: Replaces that revision; false when it is gone.
            delays_seconds: Between attempts.

        Raises:
            RevisionLocked: Other requests kept changing it.
        """
        for delay_seconds in delays_seconds:
            found = find()
            if self._write_under_lease(name_of(found), lambda found=found: write(found)):  # type: ignore[misc]
                return
            self._sleep(delay_seconds)
        raise RevisionLocked

    def _write_under_lease(self, revision: str, write: Callable[[], bool]) -> bool:
        lease = self._leases.take(revision, now=self._now(), seconds=LEASE_SECONDS)
        if not isinstance(lease, Lease):
            return False
        try:
            is_written = write()
        except BaseException:
            self._leases.give_back(lease, self._now())
            raise
        # The revision has its successor, written here or before: nothing can replace it any more.
        self._leases.forget(revision)
        return is_written
