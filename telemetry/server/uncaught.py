"""Uncaught exceptions: logged with the request they belong to, counted, and never lost.

gevent and the interpreter print such an exception and go on. Here it becomes one log line and one
count, wherever it ended: in a greenlet, a thread, the main greenlet or a finaliser. After a
``MemoryError`` or ``SystemError`` the process can't be trusted: it drains.
"""

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Literal

import gevent
from gevent.exceptions import HubDestroyed
from greenlet import GreenletExit

from telemetry import names
from telemetry.guard import Guard
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics

Where = Literal["greenlet", "thread", "main", "unraisable"]

FATAL: Final = (MemoryError, SystemError)
_REPORTED: Final = "_telemetry_reported"

_log = logging.getLogger("telemetry.uncaught")


class UncaughtExceptions:
    """The hooks of one process.

    Args:
        metrics: Holds the counter.
        guard: Stands around the reporting.
        lifecycle: Begins to drain after something fatal.
    """

    def __init__(self, metrics: Metrics, guard: Guard, lifecycle: Lifecycle) -> None:
        self._counter = metrics.counter(names.UNCAUGHT_EXCEPTIONS)
        self._guard = guard
        self._lifecycle = lifecycle
        self._undo: list[Callable[[], None]] = []

    def install(self) -> None:
        """Hook the hub, threads, the main greenlet and finalisers.

        Call it in the main thread, once that has its hub.
        """
        if self._undo:
            return
        hub = gevent.get_hub()
        self._replace(hub, "handle_error", self._hub_hook(hub.handle_error))
        self._replace(threading, "excepthook", self._thread_hook(threading.excepthook))
        self._replace(sys, "excepthook", self._main_hook(sys.excepthook))
        self._replace(sys, "unraisablehook", self._unraisable_hook(sys.unraisablehook))

    def uninstall(self) -> None:
        """Put back what was there before ``install``."""
        while self._undo:
            self._undo.pop()()

    def report(self, where: Where, error: BaseException, *, fatal: bool = False) -> None:
        """Log and count an exception, unless it has been.

        Args:
            where: Where it ended.
            error: With its traceback.
            fatal: The process must end; some exceptions are fatal by their type.
        """
        # ``threadpool.apply`` and ``Greenlet.get`` report an exception and raise it again in the
        # greenlet that waits.
        if vars(error).get(_REPORTED):
            return
        vars(error)[_REPORTED] = True
        fatal = fatal or isinstance(error, FATAL)
        kind = type(error).__name__
        if fatal:
            # First, because after a MemoryError the next lines may not come to their end.
            self._lifecycle.drain(f"uncaught {kind}", fatal=True)
        self._counter.labels(where, str(fatal).lower()).inc()
        _log.log(
            logging.CRITICAL if fatal else logging.ERROR,
            "uncaught %s (%s)",
            kind,
            where,
            exc_info=(type(error), error, error.__traceback__),
            extra={"fields": {"where": where, "fatal": fatal}},
        )

    def _replace(self, owner: Any, name: str, hook: Callable[..., None]) -> None:
        before = vars(owner).get(name)
        setattr(owner, name, hook)
        self._undo.append(
            lambda: delattr(owner, name) if before is None else setattr(owner, name, before)
        )

    def _hub_hook(self, before: Callable[..., None]) -> Callable[..., None]:
        # Runs inside the failing greenlet, so the log line finds its request. ``before`` would
        # print, and end the main one.
        def handle_error(
            context: object, kind: Any, value: Any, traceback: TracebackType | None
        ) -> None:
            error = _as_exception(kind, value, traceback)
            if isinstance(error, (GreenletExit, HubDestroyed)):
                before(context, kind, value, traceback)
                return
            with self._guard.at("uncaught"):
                if isinstance(error, (SystemExit, KeyboardInterrupt)):
                    self._lifecycle.drain(
                        f"{type(error).__name__} in a greenlet",
                        fatal=getattr(error, "code", 1) not in (None, 0),
                    )
                else:
                    # The loop itself reports None: what it left undone is not known.
                    where: Where = "thread" if _is_from_threadpool(context) else "greenlet"
                    self.report(where, error, fatal=context is None)

        return handle_error

    def _thread_hook(self, before: Callable[..., object]) -> Callable[..., None]:
        def excepthook(args: threading.ExceptHookArgs) -> None:
            if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
                with self._guard.at("uncaught"):
                    self.report("thread", args.exc_value)
            if before is not threading.__excepthook__:
                before(args)

        return excepthook

    def _main_hook(self, before: Callable[..., object]) -> Callable[..., None]:
        def excepthook(
            kind: type[BaseException], value: BaseException, traceback: TracebackType | None
        ) -> None:
            with self._guard.at("uncaught"):
                self.report("main", value, fatal=True)
            if before is not sys.__excepthook__:
                before(kind, value, traceback)

        return excepthook

    def _unraisable_hook(self, before: Callable[..., object]) -> Callable[..., None]:
        def unraisablehook(args: "sys.UnraisableHookArgs") -> None:
            if args.exc_value is not None:
                with self._guard.at("uncaught"):
                    self.report("unraisable", args.exc_value)
            if before is not sys.__unraisablehook__:
                before(args)

        return unraisablehook


def _is_from_threadpool(context: object) -> bool:
    # It reports as (worker, function); a server reports as a tuple too.
    return isinstance(context, tuple) and type(context[0]).__module__ == "gevent.threadpool"


def _as_exception(kind: Any, value: Any, traceback: TracebackType | None) -> BaseException:
    """Build the exception where the loop reports a class, or a class and a text."""
    if isinstance(value, BaseException):
        return value
    error = kind() if value is None else kind(value)
    return (
        error.with_traceback(traceback)
        if isinstance(error, BaseException)
        else RuntimeError(repr(value))
    )
