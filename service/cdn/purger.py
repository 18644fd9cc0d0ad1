"""Removes copies from the CDN after a change: in the background, bounded, until it has worked.

A change waits as its tags, of which each waits once, so a CDN that is down costs little memory. It
is sent again a while later: a response that was read before the change, or from a secondary that
did not have it yet, may reach the CDN after the first purge. When purges fail for as long as the
CDN keeps a copy, the copies have expired by themselves, and the tags are given up.

A process that dies loses its waiting tags; their copies are too old for ``CDN_MAX_AGE_SECONDS`` at
most.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import gevent
from gevent.event import Event

from service.cdn.vendors import MOST_TAGS, CopyRemover, PurgeRefused

PurgeResult = Literal["purged", "failed", "dropped"]

RESULTS: Final[tuple[PurgeResult, ...]] = ("purged", "failed", "dropped")
MOST_WAITING: Final = 10_000
FIRST_RETRY_SECONDS: Final = 1.0
LONGEST_RETRY_SECONDS: Final = 60.0
LAST_SECONDS: Final = 2.0
"""For what waits when the process ends."""

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    due_at: float
    since: float
    is_repeated: bool = False


class Purger:
    """Sends the tags of changes to the CDN.

    Args:
        remover: Removes copies.
        repeat_after_seconds: After the first purge of a tag, the second one.
        given_up_after_seconds: How long a copy lives without purges.
        count: Called with a result and how many tags had it.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        remover: CopyRemover,
        *,
        repeat_after_seconds: float,
        given_up_after_seconds: float,
        count: Callable[[PurgeResult, int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remover = remover
        self._repeat_after_seconds = repeat_after_seconds
        self._given_up_after_seconds = given_up_after_seconds
        self._count = count
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}
        self._changed = Event()
        self._stopping = Event()
        self._pause_seconds = 0.0
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def purge(self, *tags: str) -> None:
        """Remove, soon, every copy that has one of the tags; returns at once."""
        now = self._clock()
        for tag in tags:
            if tag not in self._waiting and len(self._waiting) >= MOST_WAITING:
                self._count("dropped", 1)
                continue
            self._waiting[tag] = _Waiting(now, now)
        self._changed.set()

    def waits_for_first(self) -> list[str]:
        """Return the tags that have not been purged since their change."""
        return [tag for tag, waiting in self._waiting.items() if not waiting.is_repeated]

    def start(self) -> None:
        """Send in the background."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Send what waits, for two seconds at most, and end."""
        with gevent.Timeout(LAST_SECONDS, False):  # type: ignore[arg-type]  # its stub lacks False
            self._join()
            while self.waits_for_first() and self._send(self.waits_for_first()):
                pass
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
        if left := self.waits_for_first():
            self._count("dropped", len(left))
            _log.warning("%d tags were not purged from the CDN when the process ended", len(left))
        self._waiting.clear()

    def _join(self) -> None:
        # A greenlet that is killed while it connects leaves its socket open: it ends by itself.
        if self._greenlet is not None:
            self._stopping.set()
            self._changed.set()
            self._greenlet.join()
            self._greenlet = None

    def send_due(self) -> float:
        """Send the tags that are due and return the seconds until the next ones are."""
        now = self._clock()
        self._give_up(now)
        due = [tag for tag, waiting in self._waiting.items() if waiting.due_at <= now]
        if due and not self._send(due[:MOST_TAGS]):
            return self._pause_seconds
        left = [waiting.due_at for waiting in self._waiting.values()]
        return max(0.0, min(left) - self._clock()) if left else LONGEST_RETRY_SECONDS

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.clear()
            pause_seconds = self.send_due()
            # A CDN that fails is left in peace, whatever changes meanwhile.
            (self._stopping if self._pause_seconds else self._changed).wait(pause_seconds)

    def _send(self, tags: Sequence[str]) -> bool:
        sent = {tag: self._waiting[tag] for tag in tags[:MOST_TAGS]}
        try:
            self._remover.remove(list(sent))
        except (PurgeRefused, OSError) as error:
            self._failed(error, len(sent))
            return False
        self._pause_seconds = 0.0
        self._count("purged", len(sent))
        for tag, waiting in sent.items():
            if self._waiting.get(tag) is waiting:  # otherwise it has changed again meanwhile
                self._settle(tag, waiting)
        return True

    def _settle(self, tag: str, waiting: _Waiting) -> None:
        if waiting.is_repeated:
            del self._waiting[tag]
        else:
            now = self._clock()
            self._waiting[tag] = _Waiting(now + self._repeat_after_seconds, now, is_repeated=True)

    def _failed(self, error: Exception, tags: int) -> None:
        if not self._pause_seconds:
            reason = str(error) if isinstance(error, PurgeRefused) else type(error).__name__
            _log.warning("the CDN does not take purges (%s): they are tried again", reason)
        self._pause_seconds = min(
            max(FIRST_RETRY_SECONDS, 2 * self._pause_seconds), LONGEST_RETRY_SECONDS
        )
        self._count("failed", tags)

    def _give_up(self, now: float) -> None:
        old = [
            tag
            for tag, waiting in self._waiting.items()
            if now - waiting.since > self._given_up_after_seconds + self._repeat_after_seconds
        ]
        for tag in old:
            del self._waiting[tag]
        if old:
            self._count("dropped", len(old))
