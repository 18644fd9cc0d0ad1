"""What a wait was, at its end: its phase, when its greenlet could run, and who gets the time."""

from typing import Any, Final

from gevent.lock import BoundedSemaphore, Semaphore

from telemetry.phases.family import Family
from telemetry.phases.greenlet_line import GreenletLine
from telemetry.phases.notified import Notification, present_notification
from telemetry.phases.ready import Ready
from telemetry.phases.turns import Turns
from telemetry.phases.unnamed import count_unnamed
from telemetry.requests.open_waits import LINE

_WORTH_A_NAME_NS: Final = 1_000_000
_HANDED_ON: Final = (Semaphore, BoundedSemaphore)
"""One that has got these may hand them to the next one within the same notification."""


class Resuming:
    """Accounts the ends of waits.

    Args:
        turns: Of the loop.
        ready: Knows when a greenlet could run.
    """

    def __init__(self, turns: Turns, ready: Ready) -> None:
        self.loop: Any = None
        self._turns = turns
        self._ready = ready
        self._handed: Notification | None = None
        self._handed_ns = 0

    def account(self, line: GreenletLine, result: object, ran_ns: int) -> int:
        """Account the wait that has ended.

        Args:
            line: Of the greenlet that waited.
            result: What the hub's ``switch`` returned; an exception where it raised that.
            ran_ns: The greenlet runs since then; ``perf_counter`` nanoseconds as all here.

        Returns:
            When it could run.
        """
        waited_ns, family, watcher = line.wait_ns, line.family, line.watcher
        named = line.context if line.outer is None else line.innermost()
        notification = None
        if watcher is not None:
            phase, ready_ns = self._ready.of_watcher(watcher, line.due_ns, waited_ns, ran_ns)
        else:
            notification = present_notification(self.loop)
            if (
                named is None
                and family is not None
                and self._was_for(family, result, waited_ns, notification)
            ):
                ready_ns = min(max(family.ended_ns, waited_ns), ran_ns)
                _each_resumes_from_family(line, family, ready_ns, ran_ns)
                return ready_ns
            phase, ready_ns = self._ready.of_result(result, waited_ns, ran_ns)
            if notification is not None and phase != "threadpool" and result is not None:
                ready_ns = self._notified_ns(notification, result, waited_ns, ran_ns)
        if named is not None:
            phase = named.phase
        elif phase == "other" and ready_ns - waited_ns >= _WORTH_A_NAME_NS:
            count_unnamed(line.record, (ready_ns - waited_ns) / 1e9)
        line.resume(phase, named, ready_ns, ran_ns)
        outer = line.outer
        while outer is not None:
            outer.resume(phase, named, ready_ns, ran_ns)
            outer = outer.outer
        return ready_ns

    def _notified_ns(
        self, notification: Notification, result: object, waited_ns: int, ran_ns: int
    ) -> int:
        """When a greenlet was made ready by another one."""
        at_ns = notification.at_ns
        if isinstance(result, _HANDED_ON):
            if self._handed is notification:
                # The one before has had it meanwhile, and gave no notice when it gave it up.
                at_ns = (self._handed_ns + ran_ns) // 2
            self._handed, self._handed_ns = notification, ran_ns
        return min(max(at_ns, waited_ns), ran_ns)

    def _was_for(
        self, family: Family, result: object, waited_ns: int, notification: Notification | None
    ) -> bool:
        """Whether a wait was for greenlets that the request spawned.

        One of them is what was waited for, or it has ended the wait. Where the loop does not stamp
        it is enough that one ended in the turn in which the wait did.
        """
        if result is None or not family.has_worked:
            return False
        waited_for: GreenletLine | None = getattr(result, LINE, None)
        if waited_for is not None and waited_for.family is family:
            return True
        if isinstance(result, BaseException):
            return family.running > 0
        if notification is not None:
            return getattr(notification.by, "family", None) is family
        return family.ended_ns >= max(waited_ns, self._turns.returned_ns)


def _each_resumes_from_family(
    line: GreenletLine | None, family: Family, ready_ns: int, ran_ns: int
) -> None:
    while line is not None:
        if not line.ended:
            line.resume_from_family(family, ready_ns, ran_ns)
        line = line.outer


def unlink(greenlet: Any, line: GreenletLine) -> None:
    """Let a greenlet work no longer for a request that has ended."""
    outer, inner = line.outer, getattr(greenlet, LINE, None)
    if inner is line:
        greenlet.telemetry_time_line = outer
        return
    while inner is not None and inner.outer is not line:
        inner = inner.outer
    if inner is not None:
        inner.outer = outer
