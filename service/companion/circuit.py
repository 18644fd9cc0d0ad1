"""A circuit breaker around calls that last: ``pybreaker`` decides, and is told of each call only
when it is over.

``pybreaker`` holds its lock for as long as a call that is made through it takes, so that calls
would come one after the other. Here the lock is held for the telling alone. A call that ends in
neither success nor failure (its client left) says nothing; in the half-open state only the one call
that was let through counts.
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


def _nothing() -> None:
    return None


def _fail(error: Exception) -> NoReturn:
    raise error


class _Watch(CircuitBreakerListener):
    """Hands on each change of state."""

    def __init__(self, on_change: Callable[[State, State], object]) -> None:
        self._on_change = on_change

    def state_change(
        self,
        cb: CircuitBreaker,
        old_state: CircuitBreakerState | None,
        new_state: CircuitBreakerState,
    ) -> None:
        self._on_change(
            _named(old_state.name if old_state else STATE_CLOSED), _named(new_state.name)
        )


def _named(name: str) -> State:
    return "half_open" if name == "half-open" else "open" if name == STATE_OPEN else "closed"


class Circuit:
    """Lets calls through, or says at once that there is no use.

    Args:
        failures: Failed calls in a row that open it.
        open_seconds: How long it stays open before one call is let through.
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
        self._is_trying = False
        # Its own clock is the wall's, which may step; it is never asked to look at it.
        self._breaker = CircuitBreaker(
            fail_max=failures,
            reset_timeout=open_seconds,
            exclude=[_is_no_failure],
            listeners=[_Watch(self._changed)],
            name="companion",
        )
        on_state(self.state)

    @property
    def state(self) -> State:
        """How it stands."""
        return _named(self._breaker.current_state)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call; what it raises says how the model is.

        Raises:
            CircuitOpen: At once, without a call.
        """
        is_trial = self._admit()
        try:
            yield
        except ModelUnavailable as error:
            self._tell(is_trial, partial(_fail, error))
            raise
        else:
            self._tell(is_trial, _nothing)
        finally:
            if is_trial:
                self._is_trying = False

    def _admit(self) -> bool:
        if self.state == "closed":
            return False
        left = self._opened_at + self._open_seconds - self._clock()
        if self._is_trying or (self.state == "open" and left > 0):
            raise CircuitOpen(
                "The companion is having trouble; try again in a moment.",
                retry_after_seconds=max(1, math.ceil(left)),
            )
        self._is_trying = True
        if self.state == "open":
            self._breaker.half_open()
        return True

    def _tell(self, is_trial: bool, outcome: Callable[[], None]) -> None:
        # A call from before the change says nothing of the model as it is now.
        if self.state == "closed" or (is_trial and self.state == "half_open"):
            with suppress(CircuitBreakerError, ModelUnavailable):
                self._breaker.call(outcome)

    def _changed(self, before: State, now: State) -> None:
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
