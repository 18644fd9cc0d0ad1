"""Native threads beside a gevent hub, and the rules that keep them harmless.

A native thread runs while the hub is blocked. It may use only the functions of this module
(gevent's replacements silently make a second hub in it), imports nothing (importlib's locks are
gevent's), and logs nothing (the handlers' locks are too): its reports run on the hub. Threads are
started after the fork, when the main thread has its hub.
"""

import select
from collections.abc import Callable
from typing import Any, Protocol, cast

import gevent
from gevent import monkey

from telemetry.guard import Guard


class Lock(Protocol):
    """A lock that blocks its thread; never to be held over a yield."""

    def acquire(self) -> bool:
        """Wait for it; with ``release`` half of the cost of a ``with`` block."""
        ...

    def release(self) -> None:
        """Let the next one in."""
        ...

    def __enter__(self) -> bool: ...

    def __exit__(self, *args: object) -> None: ...


sleep = cast(Callable[[float], None], monkey.get_original("time", "sleep"))
new_lock = cast(Callable[[], Lock], monkey.get_original("_thread", "allocate_lock"))
new_reentrant_lock = cast(Callable[[], Lock], monkey.get_original("_thread", "RLock"))
new_poll = cast("Callable[[], select.poll]", monkey.get_original("select", "poll"))
current_thread = cast(Callable[[], int], monkey.get_original("_thread", "get_ident"))
_start_new_thread = cast(
    Callable[[Callable[[], None], tuple[()]], int],
    monkey.get_original("_thread", "start_new_thread"),
)


class NativeThread:
    """One native thread; it never keeps the process alive.

    Args:
        run: The body of the thread; it should guard each of its turns by itself.
    """

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run
        self.ended = False

    def start(self) -> None:
        """Start it; after the fork, from the thread whose hub serves requests.

        Raises:
            RuntimeError: The system gives no more threads.
        """
        # Without a hub in this thread importlib deadlocks in the other (12 of 12 runs).
        gevent.get_hub().loop.now()
        _start_new_thread(self._main, ())

    def _main(self) -> None:
        try:
            self._run()
        finally:
            self.ended = True


def start_thread(run: Callable[[], None]) -> None:
    """Start a native thread from a native thread, which must never create a hub.

    Args:
        run: The body of the thread; it should guard itself.

    Raises:
        RuntimeError: The system gives no more threads.
    """
    _start_new_thread(run, ())


class HubGuard(Guard):
    """A guard for native threads: a greenlet reports what they swallow.

    Logging uses gevent's locks, so a native thread cannot.

    Args:
        guard: Reports the errors.
    """

    def __init__(self, guard: Guard) -> None:
        super().__init__(strict=guard.strict, on_error=_count_nothing)
        self._reporter = guard
        self._hub = gevent.get_hub()

    def report(self, where: str, error: Exception) -> None:
        """Pass the report to the hub, which runs it once it is free."""
        run_on_hub(self._hub, self._reporter.report, where, error)


def run_on_hub(hub: gevent.hub.Hub, function: Callable[..., object], *args: Any) -> None:
    """Run a function in a greenlet of another thread's hub, as soon as that is free.

    Args:
        hub: Of the thread that runs the function.
        function: It may yield.
        args: For the function.
    """
    hub.loop.run_callback_threadsafe(gevent.spawn, function, *args)


def _count_nothing(where: str) -> None:
    """Leave the count to the guard that reports."""
