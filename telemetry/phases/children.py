"""Time lines of the greenlets that requests spawn.

gevent has a callback for each spawn and none for a greenlet's first run and its end: these are seen
by what stands around its function. Raw greenlets (``spawn_raw``) have no time line.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

from greenlet import getcurrent

from telemetry.phases.child_line import ChildLine
from telemetry.phases.family import Family
from telemetry.phases.greenlet_line import GreenletLine
from telemetry.requests.open_waits import LINE

_clock_ns = time.perf_counter_ns


class Accounts(Protocol):
    """What the ends of greenlets are reported to; nothing of it raises."""

    long_ns: int
    given_ns: int

    def child_begins(self, line: ChildLine) -> None:
        """A greenlet runs for the first time."""

    def child_ends(self, line: ChildLine) -> None:
        """It has ended."""


class ChildRun:
    """The function of a spawned greenlet, with its time line around.

    Args:
        run: The function.
        line: Of the greenlet.
        accounts: Of the hub.
    """

    def __init__(self, run: Callable[..., Any], line: ChildLine, accounts: Accounts) -> None:
        self._run_function = run
        self._line = line
        self._accounts = accounts
        # Names of greenlets, threads and log lines are made from these.
        self.__name__ = getattr(run, "__name__", type(run).__name__)
        self.__self__ = getattr(run, "__self__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        self._accounts.child_begins(self._line)
        try:
            return self._run_function(*args, **kwargs)
        finally:
            self._accounts.child_ends(self._line)


class SpawnCallback:
    """Gives each greenlet that a request spawns a time line.

    Args:
        accounts: Of the hub.
        is_on_hub: Whether the running thread's hub is the instrumented one.
    """

    def __init__(self, accounts: Accounts, is_on_hub: Callable[[], bool]) -> None:
        self._accounts = accounts
        self._is_on_hub = is_on_hub

    def __call__(self, spawned: Any) -> None:
        """Called by gevent with each greenlet that is started."""
        spawner: GreenletLine | None = getattr(getcurrent(), LINE, None)
        if spawner is None or spawner.ended or not self._is_on_hub():
            return
        record = spawner.record
        family = spawner.family
        if family is None:
            family = spawner.family = Family()
            spawner.is_plain = False
            family.fill_from(_clock_ns())
        line = ChildLine(record, spawned, family, _clock_ns())
        run = spawned._run
        spawned._run = ChildRun(run, line, self._accounts)
        setattr(spawned, LINE, line)
