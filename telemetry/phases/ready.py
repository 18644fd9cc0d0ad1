"""When a greenlet that waited could run again, and what it waited for, by the hub's own knowledge.

The loop only shows when it polled. What came in a long turn is asked of the kernel (sockets), of
the timer, or of the thread; where nobody knows, the middle of the time in question is taken.
"""

from typing import Any, Final

from gevent.event import AsyncResult, Event
from gevent.hub import Waiter
from gevent.lock import BoundedSemaphore, DummySemaphore, Semaphore
from gevent.thread import LockType  # type: ignore[import-not-found]
from greenlet import getcurrent

from telemetry.names import Phase
from telemetry.phases.greenlet_line import SOCKET, phase_of_watcher
from telemetry.phases.received import ReceiveStamps
from telemetry.phases.threadpool import ThreadCalls
from telemetry.phases.turns import Turns
from telemetry.requests.open_waits import LINE

LONG_TURN_NS: Final = 1_000_000
"""A turn of the hub after which sockets are asked when their bytes came."""
POLLED_NS: Final = 200_000
"""A poll that lasted so long has waited for something."""
_READ: Final = 1

_LOCKS: Final = (
    LockType,
    Semaphore,
    BoundedSemaphore,
    DummySemaphore,
    Event,
    AsyncResult,
    Waiter,
)


class Ready:
    """Reads the traces that the end of a wait has left.

    Args:
        turns: Of the loop.
        stamps: Of the kernel.
        calls: Of the hub's threadpool.
    """

    def __init__(self, turns: Turns, stamps: ReceiveStamps, calls: ThreadCalls) -> None:
        self._turns = turns
        self._stamps = stamps
        self._calls = calls

    def of_watcher(
        self, watcher: Any, due_ns: int, waited_ns: int, ran_ns: int
    ) -> tuple[Phase, int]:
        """Return what a wait for an event of the loop was for, and when it came.

        Args:
            watcher: Of the event.
            due_ns: When a timer is due; 0 for others.
            waited_ns: The wait began.
            ran_ns: The greenlet runs since then.
        """
        phase = phase_of_watcher(watcher)
        if due_ns:
            return phase, min(max(due_ns, waited_ns), ran_ns)
        readable = phase == SOCKET and watcher.events & _READ
        return phase, self._polled(watcher.fd if readable else -1, waited_ns, ran_ns)

    def of_result(self, result: object, waited_ns: int, ran_ns: int) -> tuple[Phase, int]:
        """Return what a wait was for that another greenlet, a thread or the hub ended, and when.

        Args:
            result: What the hub's ``switch`` returned; an exception where it raised that.
            waited_ns: The wait began.
            ran_ns: The greenlet runs since then.
        """
        if result is None:
            return "hub_wait", waited_ns
        if isinstance(result, AsyncResult):
            ended_ns = self._calls.ended_ns(result)
            if ended_ns:
                return "threadpool", min(max(ended_ns, waited_ns), ran_ns)
        if isinstance(result, BaseException):
            # Nothing names what was waited for in vain; most of it are locks, events and queues.
            in_thread = self._calls.has_open(getattr(getcurrent(), LINE, None))
            phase: Phase = "threadpool" if in_thread else "lock"
            return phase, self._polled(-1, waited_ns, ran_ns)
        phase = "lock" if isinstance(result, _LOCKS) else "other"
        # Locks are handed on within one turn, after its poll.
        return phase, (max(waited_ns, self._turns.returned_ns) + ran_ns) // 2

    def _polled(self, descriptor: int, waited_ns: int, ran_ns: int) -> int:
        """When something came that the loop polls for.

        Args:
            descriptor: Of a socket that is readable since; negative for none.
            waited_ns: The wait began.
            ran_ns: The greenlet runs since then.
        """
        turns = self._turns
        returned_ns, entered_ns = turns.returned_ns, turns.entered_ns
        if not waited_ns <= entered_ns <= returned_ns <= ran_ns:
            return (waited_ns + ran_ns) // 2
        earliest_ns = max(waited_ns, turns.returned_before_ns)
        if entered_ns - earliest_ns < LONG_TURN_NS:
            return returned_ns
        stamp_ns = None
        if descriptor >= 0:
            stamp_ns = self._stamps.received_ns(descriptor, waited_ns)
        if stamp_ns is not None:
            return min(max(stamp_ns, earliest_ns), returned_ns)
        if returned_ns - entered_ns > POLLED_NS:
            return returned_ns
        return (earliest_ns + entered_ns) // 2
