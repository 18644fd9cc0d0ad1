"""State that the arbiter and one worker share: slot, role, and whether the worker exited cleanly.

It lies in a page of shared memory, because gunicorn's ``child_exit`` hook does not get the exit
status, and a signal cannot carry a worker's role. Each byte has one writer.
"""

import mmap
from typing import Final, Literal

Role = Literal["serving", "retired", "last"]

_ROLES: Final[tuple[Role, ...]] = ("serving", "retired", "last")
_ROLE_BYTE: Final = 0
_CLEAN_EXIT_BYTE: Final = 1


class WorkerState:
    """Created by the arbiter before the fork, so that both sides map the same page.

    Args:
        slot: Lowest number that no other worker had.
    """

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.drain_signalled = False
        """Kept by the arbiter: gunicorn repeats SIGTERM every second, and a second one would force
        the worker to stop at once.
        """
        self._page = mmap.mmap(-1, mmap.PAGESIZE)

    @property
    def role(self) -> Role:
        """How the worker has to leave when it stops.

        ``serving``: its slot and listener wait for a successor. ``retired``: a successor already
        has both, so it releases the management port. ``last``: no other process accepts after it,
        so it answers the connections that the kernel has queued.
        """
        return _ROLES[self._page[_ROLE_BYTE]]

    @role.setter
    def role(self, role: Role) -> None:
        self._page[_ROLE_BYTE] = _ROLES.index(role)

    @property
    def exited_cleanly(self) -> bool:
        """Whether the worker has marked that it exits with code 0."""
        return bool(self._page[_CLEAN_EXIT_BYTE])

    def mark_clean_exit(self) -> None:
        """Mark that the exit code is 0; the worker's last act."""
        self._page[_CLEAN_EXIT_BYTE] = 1

    def close(self) -> None:
        """Release the page; called by the arbiter once the worker is gone."""
        self._page.close()
