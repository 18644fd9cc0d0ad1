"""A circuit breaker for long calls: ``pybreaker`` decides, from the outcomes of finished calls.

``pybreaker`` holds its lock for the whole duration of a call that is made through it, so that calls
would run one after the other. Here the lock is held only while an outcome is recorded. A call that
neither succeeds nor fails (its client disconnected) records nothing; in the half-open state only
the one trial call counts.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, Literal, NoReturn, get_args

from pybreaker import (
    STATE_CLOSED,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerListener,
    CircuitBreakerState,
)

from service.companion.failures import CircuitOpen, ModelUnavailable, is_failure_of_the_model

State = Literal["closed", "open", "half_open"]
STATES: Final[tuple[State, ...]] = get_args(State)

_log = logging.getLogger("service.companion")


def _succeed() -> None:
    return None


def _fail(error: Exception) -> NoReturn:
    raise error


class _StateListener(CircuitBreakerListener):
    """Passes on each change of state."""

    def __init__(self, on_change: Callable[[State, State], object]) -> None:
        self._on_change = on_change

    def state_change(
        self,
        cb: CircuitBreaker,
        old_state: CircuitBreakerState | None,
        new_state: CircuitBreakerState,
    ) -> None:
        """Pass on a change of state; called by ``pybreaker``."""
        self._on_change(
            _state(old_state.name if old_state else STATE_CLOSED), _state(new_state.name)
        )


def _state(name: str) -> State:
    return "half_open" if name == "half-open" else "open" if name == STATE_OPEN else "closed"


class Circuit:
    """Admits calls, or fails them at once while the model is failing.

    Args:
        failures: Consecutive failed calls that open it.
        open_seconds: How long it stays open before one trial call is admitted.
        on_state: Called with the state, at first and at each change.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        failures: int,
        open_seconds: float,
        on_state: Callable[[State], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_seconds = open_seconds
        self._on_state = on_state
        self._clock = clock
        self._opened_at = 0.0
        self._has_trial = False
        # pybreaker's own clock is the wall clock, which may step; its time-out is never used.
        self._breaker = CircuitBreaker(
            fail_max=failures,
            reset_timeout=open_seconds,
            exclude=[_is_no_failure],
            listeners=[_StateListener(self._state_changed)],
            name="companion",
        )
        on_state(self.state)

    @property
    def state(self) -> State:
        """Current state."""
        return _state(self._breaker.current_state)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Admit one call, the body of the block, and record its outcome.

        Raises:
            CircuitOpen: At once, without a call.
        """
        is_trial = self._admit()
        try:
            yield
        except ModelUnavailable as error:
            self._record(partial(_fail, error), is_trial=is_trial)
            raise
        else:
            self._record(_succeed, is_trial=is_trial)
        finally:
            if is_trial:
                self._has_trial = False

    def _admit(self) -> bool:
        if self.state == "closed":
            return False
        left_seconds = self._opened_at + self._open_seconds - self._clock()
        if self._has_trial or (self.state == "open" and left_seconds > 0):
            raise CircuitOpen(
                "The companion is having trouble; try again in a moment.",
                retry_after_seconds=max(1, math.ceil(left_seconds)),
            )
        self._has_trial = True
        if self.state == "open":
            self._breaker.half_open()
        return True

    def _record(self, outcome: Callable[[], None], *, is_trial: bool) -> None:
        # A call that began before a change of state does not count after it.
        if self.state == "closed" or (is_trial and self.state == "half_open"):
            with suppress(CircuitBreakerError, ModelUnavailable):
                self._breaker.call(outcome)

    def _state_changed(self, before: State, now: State) -> None:
        if now == "open":
            self._opened_at = self._clock()
        self._on_state(now)
        _log.log(
            logging.INFO if now == "closed" else logging.WARNING,
            "circuit of the companion: %s, was %s",
            now,
            before,
        )


def _is_no_failure(error: BaseException) -> bool:
    return not is_failure_of_the_model(error)
