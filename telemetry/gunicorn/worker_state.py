"""What the arbiter and one worker know of each other: the worker's slot, its fate, and whether it
ended well.

A shared page of memory, because the arbiter's ``child_exit`` hook is not told the exit status and a
worker can't be told its fate by a signal. Each byte has one writer.
"""

import mmap
from typing import Final, Literal

Fate = Literal["serving", "retired", "last"]

_FATES: Final[tuple[Fate, ...]] = ("serving", "retired", "last")
_FATE, _CLEAN = 0, 1


class Ticket:
    """Made by the arbiter before the fork, so that both sides see the same page.

    Args:
        slot: Lowest number that no other worker had.
    """

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.told_to_drain = False
        """Kept by the arbiter: it would otherwise repeat SIGTERM every second, and a second one
        forces.
        """
        self._page = mmap.mmap(-1, mmap.PAGESIZE)

    @property
    def fate(self) -> Fate:
        """``serving``: if it ends, its slot and listener wait for a successor. ``retired``: a
        successor has both already, so it lets go of the management port. ``last``: nobody accepts
        after it, so it answers what the kernel has queued."""
        return _FATES[self._page[_FATE]]

    @fate.setter
    def fate(self, fate: Fate) -> None:
        self._page[_FATE] = _FATES.index(fate)

    @property
    def clean(self) -> bool:
        """Whether the worker has said that it ends with exit code 0."""
        return bool(self._page[_CLEAN])

    def end_clean(self) -> None:
        """Called by the worker as its last act."""
        self._page[_CLEAN] = 1

    def close(self) -> None:
        """Called by the arbiter once the worker is gone."""
        self._page.close()
