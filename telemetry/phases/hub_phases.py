"""``HubPhases``: instruments the hub of one worker, and keeps the time lines of its requests."""

import time
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent.threadpool import ThreadPool
from greenlet import getcurrent

from telemetry.guard import Guard
from telemetry.native import current_thread
from telemetry.phases.child_line import ChildLine
from telemetry.phases.children import SpawnCallback
from telemetry.phases.garbage import Collections
from telemetry.phases.greenlet_line import GreenletLine
from telemetry.phases.hub import phase_hub_class
from telemetry.phases.ready import LONG_TURN_NS, Ready
from telemetry.phases.received import ReceiveStamps
from telemetry.phases.request_line import RequestLine
from telemetry.phases.resuming import Resuming, unlink
from telemetry.phases.threadpool import StampedThreadPool, ThreadCalls
from telemetry.phases.turns import Turns
from telemetry.requests.open_waits import LINE
from telemetry.requests.record import RequestRecord

OnLongRun = Callable[[RequestRecord | None, int, int], object]
OnLongWait = Callable[[RequestRecord, int, int], object]

LONG_NS: Final = 50_000_000
"""Default of ``HubPhases.long_ns``."""

_clock_ns = time.perf_counter_ns


class HubPhases:
    """The phases of the requests that one thread's hub serves.

    Args:
        guard: Stands around everything here.

    Attributes:
        long_ns: Nanoseconds from which on a run, or a wait for the hub, is reported.
        on_long_run: Called with the request (``None`` for greenlets of none) and the beginning and
            end of a run, in the greenlet that ran, at its end. A greenlet of no request that ends
            in it is not reported.
        on_long_wait: Called with a request, when it could run and when it did.
        running: The request whose greenlet runs, from any thread; ``None`` outside of requests.
        given_ns: When the running greenlet, or else the hub, got control.
        turns: Of the loop; others may use them too.

    The three are set before ``start``. Both callables run on the hub's thread, are cheap and switch
    no greenlets; times are ``perf_counter_ns``.
    """

    def __init__(self, guard: Guard) -> None:
        self.long_ns = LONG_NS
        self.on_long_run: OnLongRun | None = None
        self.on_long_wait: OnLongWait | None = None
        self.given_ns = 0
        self.running: RequestRecord | None = None
        self._guard = guard.at("phases")
        self._run_guard = guard.at("phases.long_run")
        self._wait_guard = guard.at("phases.long_wait")
        self.turns = Turns()
        self._stamps = ReceiveStamps()
        self._calls = ThreadCalls()
        ready = Ready(self.turns, self._stamps, self._calls)
        self._resuming = Resuming(self.turns, ready)
        self._collections = Collections(guard.at("phases.gc"))
        self._spawned = SpawnCallback(self, self.is_on_hub)
        self._hub: Any = None
        self._former_class: Any = None
        self._class: Any = None
        self._thread = 0

    def start(self) -> None:
        """Instrument the hub of this thread; after the fork, a second call is harmless.

        A hub has one account: another one that instruments it stops.
        """
        if self._hub is not None:
            return
        hub: Any = gevent.get_hub()
        before = getattr(hub, "telemetry_accounts", None)
        if before is not None:
            before.stop()
        former: Any = type(hub)
        phase_hub = phase_hub_class(former)
        hub.telemetry_accounts = self
        hub.telemetry_thread_calls = self._calls
        self.given_ns = _clock_ns()
        try:
            hub.__class__ = phase_hub
        except TypeError:  # the layout of someone else's class: requests have waits with names only
            return
        self._hub, self._former_class, self._class = hub, former, phase_hub
        self._thread = current_thread()
        _exchange(hub.threadpool, ThreadPool, StampedThreadPool)
        self.turns.start(hub.loop)
        self._resuming.loop = hub.loop
        self._stamps.start()
        self._collections.start()
        gevent.Greenlet.add_spawn_callback(self._spawned)

    def stop(self) -> None:
        """Give the hub its former class, unless someone else has changed it since."""
        hub: Any = self._hub
        self._hub = None
        if hub is None:
            return
        gevent.Greenlet.remove_spawn_callback(self._spawned)
        self._collections.stop()
        self._stamps.stop()
        self.turns.stop()
        _exchange(hub._threadpool, StampedThreadPool, ThreadPool)
        _exchange(hub, self._class, self._former_class)
        if type(hub) is self._former_class:
            hub.telemetry_accounts = None

    def is_on_hub(self) -> bool:
        """Whether the running thread's hub is the instrumented one."""
        return self._thread == current_thread() and type(self._hub) is self._class

    # --- steps of the recorder --------------------------------------------------------------------

    def begin(self, record: RequestRecord) -> None:
        """Begin the time line of a request that the running greenlet serves."""
        if self._thread != current_thread() or type(self._hub) is not self._class:
            return
        greenlet: Any = getcurrent()
        outer: GreenletLine | None = getattr(greenlet, LINE, None)
        while outer is not None and outer.ended:
            outer = outer.outer
        line = RequestLine(record, greenlet, outer, _clock_ns())
        record.time_line = line
        greenlet.telemetry_time_line = line
        self.running = record

    def end(self, record: RequestRecord) -> None:
        """End the time line of a request at its ``ended_ns``, and write its phases."""
        line: Any = record.time_line
        if line is None:
            return
        # A time line and its record refer to each other: only the collector could free them.
        record.time_line = None
        ended_ns, ran_ns = record.ended_ns, line.ran_ns
        if ran_ns and ended_ns - ran_ns >= self.long_ns and line.greenlet is getcurrent():
            self.ran_long(line, ran_ns, ended_ns)
            self.given_ns = ended_ns
        record.phase_seconds = line.end(ended_ns)
        record.unnamed_ns = line.unnamed
        if line.family is not None:
            totals = line.family.total
            record.parallel_seconds = {phase: took / 1e9 for phase, took in totals.items()}
        greenlet, outer = line.greenlet, line.outer
        if getattr(greenlet, LINE, None) is line:
            greenlet.telemetry_time_line = outer
        else:
            unlink(greenlet, line)
        if self.running is record:
            self.running = None if outer is None else outer.record

    # --- reports of the hub: nothing of them raises -----------------------------------------------

    def leave(self, line: GreenletLine, now_ns: int) -> None:
        """A greenlet begins to wait."""
        self.running = None
        try:
            if line.watcher is not None:
                at = getattr(line.watcher, "at", None)
                line.due_ns = int(at * 1e9) if at else 0
            line.leave(now_ns)
            outer = line.outer
            while outer is not None:
                outer.leave(now_ns)
                outer = outer.outer
        except Exception as error:
            self._guard.caught(error)

    def resume(self, line: GreenletLine, result: object) -> None:
        """It runs again."""
        ran_ns = self.given_ns = _clock_ns()
        try:
            if not line.ended:
                self.running = line.record
                ready_ns = self._resuming.account(line, result, ran_ns)
                if ran_ns - ready_ns >= self.long_ns and isinstance(line, RequestLine):
                    self._waited_long(line.record, ready_ns, ran_ns)
        except Exception as error:
            self._guard.caught(error)

    def resume_socket(self, line: RequestLine, result: object) -> None:
        """A greenlet runs again that waited for a socket; as ``resume``, for most waits.

        Args:
            line: Was plain when the wait began.
            result: See ``resume``.
        """
        named, turns, waited_ns = line.context, self.turns, line.wait_ns
        returned_ns, entered_ns = turns.returned_ns, turns.entered_ns
        if (
            named is None
            or not line.is_plain
            or not waited_ns <= entered_ns <= returned_ns
            or entered_ns - max(waited_ns, turns.returned_before_ns) >= LONG_TURN_NS
        ):
            self.resume(line, result)
            return
        ran_ns = self.given_ns = _clock_ns()
        self.running = line.record
        took_ns = returned_ns - waited_ns
        named.waited_ns += took_ns
        by_phase = line.named
        if by_phase is None:
            line.named = {named.phase: took_ns}
        else:
            by_phase[named.phase] = by_phase.get(named.phase, 0) + took_ns
        line.hub_wait_ns += ran_ns - returned_ns
        line.ran_ns = ran_ns
        if ran_ns - returned_ns >= self.long_ns:
            self._waited_long(line.record, returned_ns, ran_ns)

    def ran_long(self, line: GreenletLine | None, given_ns: int, now_ns: int) -> None:
        """A greenlet ran for ``long_ns`` or longer, unless the hub had control in between."""
        try:
            # What ended in between has given no notice; a request's own run is known.
            began_ns = max(given_ns, self.turns.returned_ns)
            if line is not None and line.ran_ns > began_ns:
                began_ns = line.ran_ns
            if self.on_long_run is not None and now_ns - began_ns >= self.long_ns:
                record = None if line is None or line.ended else line.record
                self.on_long_run(record, began_ns, now_ns)
        except Exception as error:
            self._run_guard.caught(error)

    def child_begins(self, line: ChildLine) -> None:
        """A greenlet that a request spawned runs for the first time."""
        now_ns = self.given_ns = _clock_ns()
        self.running = line.record
        # The loop polls only when it has started every greenlet that it can: this one was started
        # by a timer (``spawn_later``).
        polled_ns = self.turns.returned_ns if self.turns.entered_ns > line.wait_ns else 0
        line.begin(max(line.wait_ns, polled_ns), now_ns)

    def child_ends(self, line: ChildLine) -> None:
        """It has ended."""
        now_ns = _clock_ns()
        given_ns, self.given_ns = self.given_ns, now_ns
        self.running = None
        if now_ns - given_ns >= self.long_ns:
            self.ran_long(line, given_ns, now_ns)
        line.end(now_ns)

    def _waited_long(self, record: RequestRecord, ready_ns: int, ran_ns: int) -> None:
        if self.on_long_wait is not None:
            try:
                self.on_long_wait(record, ready_ns, ran_ns)
            except Exception as error:
                self._wait_guard.caught(error)


def _exchange(found: Any, expected: type, replacement: type) -> None:
    if type(found) is expected:
        found.__class__ = replacement
