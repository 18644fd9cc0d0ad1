"""Conditions for pymongo's pool that never run other greenlets while its lock is held.

``threading.Condition.notify`` verifies that its lock is held by trying to take it. A native lock
refuses at once; gevent's runs every other greenlet that is ready before it refuses. pymongo
notifies twice at each check-in, with the pool's lock held: on a busy hub each command waits for two
more turns after its response, and meanwhile what needs the pool waits for its lock. Here the lock
is asked whether it is held, which is what the standard library's condition does as well where a
lock has an ``_is_owned`` of its own (as ``RLock`` has).

Those turns had one use: a greenlet that returned a connection could not take it again before the
one that it had woken. So there is one such turn left, before the lock is taken, and only while a
greenlet that was woken has not run. And one that is killed when it was woken wakes the next one.

A condition is a plain Python object, so that its class can be exchanged: nothing of pymongo is
replaced, its waiters stay, and ``release`` puts the standard class back. What is not as expected
(another lock, another condition, another pymongo) is left alone.
"""

import threading
from contextlib import suppress
from typing import Final

import gevent
from gevent.thread import LockType  # type: ignore[import-not-found]
from pymongo.pool import Pool

from telemetry.guard import Guard, Place
from telemetry.requests.open_waits import OpenWait
from telemetry.requests.record import RequestRecord, current_record

CONDITIONS: Final = ("size_cond", "_max_connecting_cond")
"""Attributes of a pool: its queue for a connection, and the one for a place to connect."""


class _Woken:
    """What the two conditions of a pool share, as they share its lock.

    Attributes:
        one: A waiter was woken, and has not run since.
    """

    __slots__ = ("one",)

    def __init__(self) -> None:
        self.one = False


class PoolCondition(threading.Condition):
    """See the module.

    Attributes:
        subject: Its text describes the wait.
        place: Stands around the request's record.
        woken: Shared with the pool's other condition.
    """

    subject: object
    place: Place
    woken: _Woken

    def __enter__(self) -> bool:
        woken = self.woken
        if woken.one:
            woken.one = False
            if gevent.getcurrent() is not gevent.get_hub():
                gevent.sleep(0)  # those that were woken before come first
        return super().__enter__()

    def notify(self, n: int = 1) -> None:
        """Wake waiters as ``threading.Condition`` does, without a yield."""
        if n == 1 and self._waiters:  # type: ignore[attr-defined]
            self.woken.one = True
        super().notify(n)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait as ``threading.Condition`` does, as a wait of the current request for the pool.

        It ends with the wait, whatever ends that: a killed waiter has no event.
        """
        record = current_record()
        named = self._begin(record) if record is not None else None
        try:
            notified = super().wait(timeout)
        except BaseException:
            # Killed, perhaps when it had been woken already; one that wakes for nothing waits on.
            with suppress(RuntimeError):
                self.notify()
            raise
        else:
            self.woken.one = False
            return notified
        finally:
            if record is not None and named is not None:
                with self.place:
                    record.end_wait(named)

    def _begin(self, record: RequestRecord) -> OpenWait | None:
        with self.place:
            return record.begin_wait("db_pool_wait", self.subject)
        return None

    def _is_owned(self) -> bool:
        # As the standard one: whether it is held at all, for a plain lock has no owner.
        return self._lock.locked()  # type: ignore[attr-defined, no-any-return]


def adopt(pool: Pool, subject: object, guard: Guard) -> bool:
    """Let a pool's conditions notify without a yield under its lock, and name their waits.

    Never yields: it may be called under the pool's lock.

    Args:
        pool: Built by pymongo.
        subject: Its text describes the wait for a connection.
        guard: Stands around the request's record.

    Returns:
        Whether both conditions are ours now.
    """
    conditions = [getattr(pool, name, None) for name in CONDITIONS]
    lock = getattr(pool, "lock", None)
    if type(lock) is not LockType or not all(_is_standard(each, lock) for each in conditions):
        return False
    woken, place = _Woken(), guard.at("mongo.pool")
    for condition in conditions:
        vars(condition).update(subject=subject, place=place, woken=woken)
        condition.__class__ = PoolCondition
    return True


def _is_standard(condition: object, lock: object) -> bool:
    """Return whether a condition is one that is understood here, and belongs to that lock."""
    return (
        type(condition) in (threading.Condition, PoolCondition)
        and getattr(condition, "_lock", None) is lock
        and hasattr(condition, "_waiters")
    )


def release(pool: Pool) -> None:
    """Give a pool's conditions the standard class again."""
    for name in CONDITIONS:
        condition = getattr(pool, name, None)
        if type(condition) is PoolCondition:
            condition.__class__ = threading.Condition  # type: ignore[assignment]
