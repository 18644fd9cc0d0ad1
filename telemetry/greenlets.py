"""Which greenlets there are, which of them runs, and what each is doing.

Looked at from any thread, also while the hub is blocked; nothing here switches greenlets, waits or
logs.
"""

import gc
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from gevent import Greenlet
from greenlet import greenlet

from telemetry.native import new_lock
from telemetry.requests.record import RequestRecord

FRAMES: Final = 40
"""How many frames of a stack are shown: the innermost ones."""


class LivingGreenlets:
    """The gevent greenlets of this process, kept without walking the heap.

    A set of weak references that empty themselves, so it cannot drift as a counter would; 0.3 µs a
    spawn. Raw greenlets are not in it.
    """

    def __init__(self) -> None:
        self._references: set[weakref.ref[Greenlet[..., object]]] = set()

    def start(self) -> None:
        """Take in what exists (one walk over the heap) and from now on every greenlet as it starts."""
        Greenlet.add_spawn_callback(self._add)
        for found in gc.get_objects():
            if issubclass(
                type(found), Greenlet
            ):  # isinstance asks a weak proxy for the class of what may be gone, and that raises
                self._add(found)

    def stop(self) -> None:
        """Take in no more."""
        Greenlet.remove_spawn_callback(self._add)

    def __len__(self) -> int:
        return len(self._references)

    def __call__(self) -> list[greenlet]:
        """Those that are alive now. Ended ones that something still refers to are dropped on the
        way (0.2 µs each).
        """
        alive: list[greenlet] = []
        for reference in self._references.copy():  # the copy is one step for other threads
            found: greenlet | None = reference()
            if found is not None and not is_dead(found):
                alive.append(found)
            else:
                self._references.discard(reference)
        return alive

    def _add(self, started: "Greenlet[..., object]") -> None:
        self._references.add(weakref.ref(started, self._references.discard))


def is_dead(one: greenlet) -> bool:
    """Whether it has ended; asked of the greenlet itself, because gevent's answer looks at the
    calling thread.
    """
    return bool(greenlet.dead.__get__(one))


def is_running(one: object) -> bool:
    """Whether it runs at this instant: started, not ended, and not suspended at any Python frame.

    One that waits in compiled code alone (``gevent.spawn(event.wait)``) cannot be told from that;
    one that serves a request never does.
    """
    return isinstance(one, greenlet) and greenlet.__bool__(one) and one.gr_frame is None


def running_request(in_flight: Callable[[], Iterable[RequestRecord]]) -> RequestRecord | None:
    """The request whose greenlet runs at this instant, or ``None`` (0.1 ms with 1,000 in flight).

    Args:
        in_flight: The requests in flight, readable from any thread.
    """
    return next((record for record in in_flight() if is_running(record.greenlet)), None)


def stack_of(frame: FrameType | None) -> tuple[str, ...]:
    """The innermost frames, innermost last, as ``file:line function``.

    Without source lines: reading files blocks, and decoding one may import.

    Args:
        frame: The innermost frame, or ``None`` for no stack.
    """
    with _no_collection():
        return _stack_of(frame)


def stack_of_thread(ident: int) -> tuple[str, ...]:
    """The stack of a thread at this instant; empty when there is no such thread."""
    with _no_collection():
        return _stack_of(sys._current_frames().get(ident))


def stacks_of_threads() -> dict[int, tuple[str, ...]]:
    """The stack of every thread, by its identifier."""
    with _no_collection():
        return {ident: _stack_of(frame) for ident, frame in sys._current_frames().items()}


_walking: Final = new_lock()


@contextmanager
def _no_collection() -> Iterator[None]:
    # Each step to a caller's frame makes an object for it. When that sets off a garbage collection,
    # and a finalizer lets go of the interpreter, the thread that is looked at goes on, and the step
    # ends at a frame that is gone: a crash (CPython 3.11).
    with _walking:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_enabled:
                gc.enable()


def _stack_of(frame: FrameType | None) -> tuple[str, ...]:
    lines: list[str] = []
    while frame is not None and len(lines) < FRAMES:
        lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}")
        frame = frame.f_back
    return tuple(reversed(lines))
