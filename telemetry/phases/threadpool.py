"""When functions in the hub's threadpool ended: stamps of their own threads.

The hub learns of it when its turn comes; a stamp in the thread is right within 0.1 ms.
"""

import time
import weakref
from collections.abc import Callable
from typing import Any

from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool
from greenlet import getcurrent

from telemetry.requests.open_waits import LINE


class ThreadCalls:
    """The calls whose result is still held by someone."""

    def __init__(self) -> None:
        self._calls: weakref.WeakKeyDictionary[AsyncResult[Any], ThreadCall] = (
            weakref.WeakKeyDictionary()
        )

    def add(self, result: "AsyncResult[Any]", call: "ThreadCall") -> None:
        """Remember the call that a result is of."""
        self._calls[result] = call

    def ended_ns(self, result: "AsyncResult[Any]") -> int:
        """Return when the function returned (``perf_counter_ns``); 0 for a result of another kind.

        Args:
            result: That was waited for.
        """
        call = self._calls.get(result)
        return 0 if call is None else call.ended_ns

    def has_open(self, line: object) -> bool:
        """Whether a function that the greenlet of a time line has called still runs."""
        return any(call.line is line and not call.ended_ns for call in self._calls.values())


class ThreadCall:
    """A function that is called in a thread.

    Args:
        function: To call.

    Attributes:
        line: Of the greenlet that wants it called.
        ended_ns: ``perf_counter_ns`` at its end; 0 before.
    """

    __slots__ = ("_function", "ended_ns", "line")

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.line: object = getattr(getcurrent(), LINE, None)
        self.ended_ns = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it, and stamp its end."""
        try:
            return self._function(*args, **kwargs)
        finally:
            self.ended_ns = time.perf_counter_ns()


class StampedThreadPool(ThreadPool):
    """A threadpool that stamps the end of each call."""

    __slots__ = ()

    def spawn(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See ``ThreadPool.spawn``."""
        call = ThreadCall(func)
        result = super().spawn(call, *args, **kwargs)
        calls: ThreadCalls | None = getattr(self.hub, "telemetry_thread_calls", None)
        if calls is not None:
            calls.add(result, call)
        return result
