"""Connect to MongoDB for the first time, in the background, for as long as it takes.

Five retries after growing waits, then one attempt every few seconds; what is created once (indexes)
belongs to that first connection, so it is made up for whenever the database appears. Later outages
are pymongo's to heal.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

import gevent
from pymongo.errors import PyMongoError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_never,
    wait_chain,
    wait_fixed,
)

from telemetry import HealthEvidence

RETRY_WAITS_SECONDS: Final = (5.0, 10.0, 20.0, 40.0, 80.0)
WATCH_INTERVAL_SECONDS: Final = 5.0
ATTEMPTS: Final = len(RETRY_WAITS_SECONDS) + 1

_log = logging.getLogger("service.mongo")


class ConnectionBootstrap:
    """Attempts until one succeeds.

    Args:
        attempt: Connects and sets up; raises ``PyMongoError`` when it cannot.
        sleep: Waits so many seconds.
        monotonic: Seconds, for "next in".
    """

    def __init__(
        self,
        attempt: Callable[[], None],
        *,
        sleep: Callable[[float], None] = gevent.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempt = attempt
        self._sleep = sleep
        self._monotonic = monotonic
        self._attempts = 0
        self._failure = ""
        self._next_at = 0.0
        self._made = False

    def run(self) -> None:
        """Return once the first contact is made; blocks this greenlet until then."""
        retrying = Retrying(
            stop=stop_never,
            wait=wait_chain(
                *map(wait_fixed, RETRY_WAITS_SECONDS), wait_fixed(WATCH_INTERVAL_SECONDS)
            ),
            retry=retry_if_exception_type(PyMongoError),
            before=self._begin,
            before_sleep=self._failed,
            sleep=self._sleep,
        )
        retrying(self._attempt)
        self._made = True
        _log.info("connected to MongoDB at attempt %d", self._attempts)

    def evidence(self) -> HealthEvidence:
        """What health should know: connected, or how it stands. Safe from any thread."""
        return HealthEvidence(
            healthy=self._made,
            reason="" if self._made else self._progress(),
            details={"attempts": self._attempts},
        )

    def _progress(self) -> str:
        if self._attempts == 0:
            return "connecting to MongoDB, not begun"
        if self._attempts > ATTEMPTS or (self._attempts == ATTEMPTS and self._failure):
            progress = f"MongoDB was not reached in {ATTEMPTS} attempts, still trying"
        else:
            progress = f"connecting to MongoDB, attempt {self._attempts} of {ATTEMPTS}"
        if not self._failure:
            return progress
        seconds = max(0.0, self._next_at - self._monotonic())
        return f"{progress}: {self._failure}, next in {seconds:.0f} s"

    def _begin(self, state: RetryCallState) -> None:
        self._attempts = state.attempt_number
        self._failure = ""

    def _failed(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._next_at = self._monotonic() + state.upcoming_sleep
        self._failure = type(error).__name__
        _log.warning("%s: %s", self._progress(), error)
