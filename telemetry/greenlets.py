"""The greenlets of this process: which exist, which runs, and the stack of each.

Usable from any thread, also while the hub is blocked; nothing here switches greenlets, waits or
logs.
"""

import gc
import sys
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice, tee
from types import FrameType
from typing import Final, TypeVar

from gevent import Greenlet
from greenlet import greenlet

from telemetry.native import new_lock
from telemetry.requests.record import RequestRecord
from telemetry.requests.record import _current as _request_variable

FRAMES: Final = 40
"""Most frames of a stack: the innermost ones."""

T = TypeVar("T")


class LiveGreenlets:
    """The gevent greenlets of this process, found without walking the heap.

    A set of weak references that empty themselves, so it cannot drift as a counter would; 0.3 µs a
    spawn. Raw greenlets are not in it.
    """

    def __init__(self) -> None:
        self._references: set[weakref.ref[Greenlet[..., object]]] = set()

    def start(self) -> None:
        """Add the existing greenlets (one walk over the heap), and each that starts from now on."""
        Greenlet.add_spawn_callback(self._add)
        for found in gc.get_objects():
            # ``isinstance`` raises for a weak proxy whose target is gone.
            if issubclass(type(found), Greenlet):
                self._add(found)

    def stop(self) -> None:
        """Add no more greenlets."""
        Greenlet.remove_spawn_callback(self._add)

    def __len__(self) -> int:
        return len(self._references)

    def __call__(self) -> list[greenlet]:
        """Return the greenlets that are alive, and drop ended ones (0.2 µs each)."""
        alive: list[greenlet] = []
        for reference in self._references.copy():  # the copy is atomic for other threads
            found: greenlet | None = reference()
            if found is not None and not is_dead(found):
                alive.append(found)
            else:
                self._references.discard(reference)
        return alive

    def _add(self, started: "Greenlet[..., object]") -> None:
        self._references.add(weakref.ref(started, self._references.discard))


def is_dead(one: greenlet) -> bool:
    """Return whether a greenlet has ended.

    Reads greenlet's own attribute: gevent's depends on the calling thread.
    """
    return bool(greenlet.dead.__get__(one))


def is_running(one: object) -> bool:
    """Return whether a greenlet runs at this instant: alive, and not suspended at a Python frame.

    One that waits in compiled code alone (``gevent.spawn(event.wait)``) counts as running; one that
    serves a request never does that.
    """
    return isinstance(one, greenlet) and greenlet.__bool__(one) and one.gr_frame is None


def running_request(in_flight: Callable[[], Iterable[RequestRecord]]) -> RequestRecord | None:
    """Return the request whose greenlet runs, or ``None`` (0.1 ms with 1,000 in flight).

    Args:
        in_flight: The requests in flight, readable from any thread.
    """
    return next((record for record in in_flight() if is_running(record.greenlet)), None)


def request_served_by(one: greenlet) -> RequestRecord | None:
    """Return the request that a greenlet which does not run serves, or was spawned for."""
    try:
        context = one.gr_context
    except ValueError:  # it runs
        return None
    return None if context is None else context.get(_request_variable)


def waiting_code(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame that is not the waiting itself: gevent's, threading's, the hub's.

    Args:
        frame: The innermost frame of a greenlet that does not run.
    """
    with _no_collection():
        return outside_of_waiting(frame)


def outside_of_waiting(frame: FrameType | None) -> FrameType | None:
    """Return the same of the running greenlet's own frames, which need no care."""
    while frame is not None and _is_waiting(_module_of(frame)):
        frame = frame.f_back
    return frame


def _is_waiting(module: str) -> bool:
    return module.partition(".")[0] in _WAITING_MODULES or module.startswith(_HUB)


def code_of(frame: FrameType) -> str:
    """Return where a frame is, as ``module:function:line``."""
    return f"{_module_of(frame)}:{frame.f_code.co_qualname}:{frame.f_lineno}"


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))


_WAITING_MODULES: Final = frozenset(
    {
        *("gevent", "greenlet", "threading", "queue", "contextlib"),
        *("selectors", "select", "socket", "ssl"),
    }
)
_HUB: Final = "telemetry.phases."
"""The hub's own methods, which each wait goes through."""


def stack_of(frame: FrameType | None) -> tuple[str, ...]:
    """Return the innermost frames, innermost last, as ``file:line function``.

    Without source lines: reading a file blocks, and decoding one may import.

    Args:
        frame: The innermost frame, or ``None`` for no stack.
    """
    with _no_collection():
        return _stack_of(frame)


def state_and_stack(
    one: object, running: Callable[[], tuple[str, ...]]
) -> tuple[str, tuple[str, ...]]:
    """Return what a greenlet does, in words, and its stack.

    Args:
        one: The greenlet; anything else is one that has ended.
        running: Returns the stack of the greenlet that runs, which has no frame of its own.
    """
    if is_running(one):
        return "running", running()
    frame = one.gr_frame if isinstance(one, greenlet) else None
    return ("waiting" if frame is not None else "not started or ended"), stack_of(frame)


def stack_of_thread(ident: int) -> tuple[str, ...]:
    """Return the stack of a thread at this instant; empty for a thread that has ended."""
    with _no_collection():
        return _stack_of(sys._current_frames().get(ident))


def stacks_of_threads() -> dict[int, tuple[str, ...]]:
    """Return the stack of every thread, by its identifier."""
    with _no_collection():
        return {ident: _stack_of(frame) for ident, frame in sys._current_frames().items()}


def places_of_thread(
    ident: int, place: Callable[[FrameType], T], most: int = FRAMES
) -> tuple[T, ...]:
    """Return what a function makes of each frame of a thread, innermost last.

    Args:
        ident: Of the thread; one that has ended has no frames.
        place: It may not let another thread run, and keeps no frame.
        most: Most frames: the innermost ones.
    """
    with _no_collection():
        return _places(sys._current_frames().get(ident), place, most)


def cpu_clocks_of_threads() -> dict[int, int]:
    """Return the clock of each thread's CPU time, by the thread's identifier.

    A clock can be read when its thread has ended (``OSError``); to ask for the clock of a thread
    that has ended is a crash. So this is one step for other threads: all of it happens in compiled
    code, which keeps the interpreter.
    """
    if not hasattr(time, "pthread_getcpuclockid"):
        return {}
    with _no_collection():
        idents, same = tee(chain.from_iterable(islice(iter(sys._current_frames, None), 1)))
        return dict(zip(same, map(time.pthread_getcpuclockid, idents), strict=False))


_walking: Final = new_lock()


@contextmanager
def _no_collection() -> Iterator[None]:
    # Each step to a caller's frame makes an object for it. When that starts a garbage collection
    # whose finalizer releases the interpreter, the inspected thread goes on and the step ends at a
    # frame that is gone: a crash (CPython 3.11).
    with _walking:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_enabled:
                gc.enable()


def _places(frame: FrameType | None, place: Callable[[FrameType], T], most: int) -> tuple[T, ...]:
    found: list[T] = []
    while frame is not None and len(found) < most:
        found.append(place(frame))
        frame = frame.f_back
    return tuple(reversed(found))


def _stack_of(frame: FrameType | None) -> tuple[str, ...]:
    return _places(frame, _line, FRAMES)


def _line(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}"
