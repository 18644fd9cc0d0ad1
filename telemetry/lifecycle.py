"""The state of this process: starting, ready, draining, stopped.

A pure state machine: no greenlet, no signal, no I/O. It decides which transition is legal and keeps
its metrics; ``server`` causes the transitions. No transition goes back, and a drain that has begun
is not undone.
"""

import time
from collections.abc import Callable
from typing import Final, Literal

from telemetry import names
from telemetry.metrics import Metrics

State = Literal["starting", "ready", "draining", "stopped"]

STATES: Final[tuple[State, ...]] = ("starting", "ready", "draining", "stopped")


class IllegalTransition(RuntimeError):
    """The requested state cannot follow the present one."""


class Lifecycle:
    """The present state of the process, and the reason of its drain.

    Args:
        metrics: Where ``service_state`` and the metrics of a drain are registered.
        clock: Monotonic seconds.

    Attributes:
        accepting: Whether a request that arrives now is served; otherwise it gets a 503.
        draining: Whether responses should close their connection: a drain has begun.

    The attributes are read with each request, and written here only.
    """

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._state: State = "starting"
        self.accepting = True
        self.draining = False
        self._reason = ""
        self._failed = False
        self._drain_began = 0.0
        self._callbacks: list[Callable[[], object]] = []
        gauge = metrics.gauge(names.SERVICE_STATE)
        self._flags = {state: gauge.labels(state) for state in STATES}
        self._in_flight = metrics.gauge(names.DRAIN_IN_FLIGHT)
        self._seconds = metrics.gauge(names.DRAIN_SECONDS)
        self._rejected = metrics.counter(names.DRAIN_REJECTED)
        self._expose()

    @property
    def state(self) -> State:
        """The present state."""
        return self._state

    @property
    def reason(self) -> str:
        """The reason of the drain, or empty."""
        return self._reason

    @property
    def exit_code(self) -> int:
        """Exit code of the process: 1 after a fatal error or a request that was cut, else 0."""
        return 1 if self._failed else 0

    def ready(self) -> None:
        """Accept requests; no change when ready already, or when a drain came first.

        Raises:
            IllegalTransition: The process has stopped.
        """
        if self._state == "stopped":
            raise IllegalTransition("a process that has stopped does not become ready")
        if self._state == "starting":
            self._enter("ready")

    def drain(self, reason: str, *, fatal: bool = False) -> None:
        """Begin to drain; requests are served until ``stop_accepting``.

        Args:
            reason: For the log and for readiness, such as ``"SIGTERM"``. The first one is kept.
            fatal: Exit with code 1, also when the drain had begun before.
        """
        self._failed = self._failed or fatal
        if self.draining:
            return
        self._reason = reason
        self._drain_began = self._clock()
        self._enter("draining")
        for callback in self._callbacks:
            callback()

    def stop_accepting(self) -> None:
        """Refuse new requests from now on: the drain's delay is over.

        Raises:
            IllegalTransition: No drain has begun.
        """
        if not self.draining:
            raise IllegalTransition(f"a process that is {self._state} still accepts requests")
        self.accepting = False

    def fail(self) -> None:
        """Exit with code 1: a request was cut, or the clean-up failed."""
        self._failed = True

    def stopped(self) -> None:
        """End the drain.

        Raises:
            IllegalTransition: No drain has begun.
        """
        if not self.draining:
            raise IllegalTransition(f"a process that is {self._state} drains before it stops")
        self.accepting = False
        self.report_drain(in_flight=0)
        self._enter("stopped")

    def on_drain(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when a drain begins.

        Args:
            callback: Called in the thread or greenlet that began the drain; it must not block or
                raise.
        """
        self._callbacks.append(callback)

    def count_rejected(self) -> None:
        """Count a request that arrived after ``stop_accepting`` and was answered 503."""
        self._rejected.inc()

    def report_drain(self, in_flight: int) -> float:
        """Set the metrics of the drain.

        Args:
            in_flight: Requests that the drain waits for.

        Returns:
            Seconds since it began; 0 outside of a drain.
        """
        seconds = self._clock() - self._drain_began if self.draining else 0.0
        self._in_flight.set(in_flight)
        self._seconds.set(seconds)
        return seconds

    def _enter(self, state: State) -> None:
        self._state = state
        self.draining = state in ("draining", "stopped")
        self._expose()

    def _expose(self) -> None:
        for state, flag in self._flags.items():
            flag.set(state == self._state)
