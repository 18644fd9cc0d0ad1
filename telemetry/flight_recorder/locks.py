"""Which lock a waiting greenlet waits for, and who has it, read from frames.

A lock of gevent's or threading's that blocks leaves its ``acquire`` on the stack; a compiled
semaphore leaves only its caller, whose names are searched then. A re-entrant lock knows its owner.
Any other has the one whose frames refer to it and do not wait for it, where there is one: likely,
not certain.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from gevent.lock import RLock, Semaphore
from greenlet import greenlet

from telemetry.greenlets import code_of, waiting_code
from telemetry.requests.record import RequestRecord

MOST_FRAMES: Final = 12
MOST_SEARCHED: Final = 200
_REENTRANT: Final = (RLock, threading._RLock)
_LOCKS: Final = (Semaphore, *_REENTRANT)


@dataclass(frozen=True, slots=True)
class WaitedLock:
    """A lock that a greenlet waits for.

    Args:
        lock: Of gevent's or threading's kinds.
        name: By which the waiting code calls it, with its kind.
    """

    lock: object
    name: str

    def held_by(self, in_flight: Iterable[RequestRecord], waiter: greenlet) -> tuple[str, ...]:
        """Return who has it, one text each.

        Args:
            in_flight: The requests in flight.
            waiter: The greenlet that waits.
        """
        others = [each for each in in_flight if each.greenlet is not waiter][:MOST_SEARCHED]
        owner = getattr(self.lock, "_owner", None)
        if owner is not None:
            found = [each for each in others if owner in (each.greenlet, id(each.greenlet))]
            return tuple(map(_described, found)) or ("code outside of requests",)
        return tuple(f"likely {_described(each)}" for each in others if self._is_used_by(each))

    def _is_used_by(self, record: RequestRecord) -> bool:
        one = record.greenlet
        frame = one.gr_frame if isinstance(one, greenlet) else None
        waited = lock_waited_for(frame)
        if waited is not None and waited.lock is self.lock:
            return False
        return any(
            lock is self.lock
            for each in _frames(waiting_code(frame))
            for _, lock in _locks_in(each)
        )


def lock_waited_for(frame: FrameType | None) -> WaitedLock | None:
    """Return the lock that a greenlet waits for, if it waits for one.

    Args:
        frame: The innermost frame of a greenlet that does not run.
    """
    code = waiting_code(frame)
    found = None
    while frame is not None and frame is not code:
        if frame.f_code.co_name in ("acquire", "__enter__"):
            own = frame.f_locals.get("self")
            found = own if _is_lock(own) else found
        elif frame.f_code.co_name in ("sleep", "wait", "join", "get", "select", "poll"):
            return None
        frame = frame.f_back
    if code is None:
        return None
    if found is not None:
        names = [name for name, lock in _locks_in(code) if lock is found]
        return WaitedLock(found, _name(names, found))
    for name, lock in _locks_in(code):
        if _is_taken(lock):
            return WaitedLock(lock, _name([name], lock))
    return None


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    for _ in range(MOST_FRAMES):
        if frame is None:
            return
        yield frame
        frame = frame.f_back


def _locks_in(frame: FrameType) -> Iterator[tuple[str, object]]:
    """Yield the locks that the code of a frame can have named, without running any code."""
    values = frame.f_locals
    for name, value in tuple(values.items()):
        if _is_lock(value):
            yield name, value
    own = _members(values.get("self"))
    for name in frame.f_code.co_names:
        for prefix, space in (("", frame.f_globals), ("self.", own)):
            value = space.get(name)
            if _is_lock(value):
                yield f"{prefix}{name}", value


def _members(value: object) -> dict[str, Any]:
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def _is_lock(value: object) -> bool:
    # Not isinstance, which asks the object itself.
    return issubclass(type(value), _LOCKS)


def _is_taken(lock: object) -> bool:
    owner = getattr(lock, "_owner", None)
    return owner is not None if issubclass(type(lock), _REENTRANT) else bool(lock.locked())  # type: ignore[attr-defined]


def _name(names: list[str], lock: object) -> str:
    kind = type(lock).__name__.strip("_")
    return f"{kind} {names[0]}" if names else kind


def _described(record: RequestRecord) -> str:
    one = record.greenlet
    code = waiting_code(one.gr_frame) if isinstance(one, greenlet) else None
    at = f", now at {code_of(code)}" if code is not None else ", running"
    return f"request {record.request_id} ({record.method_label} {record.route}){at}"
