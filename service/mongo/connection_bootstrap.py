"""The first connection to MongoDB, attempted in the background for as long as it takes.

Five retries after growing waits, then one attempt every few seconds; and one at once when the
background check finds that MongoDB answers. What is created once (indexes)
belongs to the first connection, so it is created whenever the database appears. pymongo handles
later outages.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from gevent.event import Event
from pymongo.errors import ConnectionFailure, PyMongoError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_never,
    wait_chain,
    wait_fixed,
)

from service.mongo.failures import describe, kind_of
from telemetry import HealthEvidence

RETRY_WAITS_SECONDS: Final = (5.0, 10.0, 20.0, 40.0, 80.0)
WATCH_INTERVAL_SECONDS: Final = 5.0
ATTEMPTS: Final = len(RETRY_WAITS_SECONDS) + 1

_log = logging.getLogger("service.mongo")


class ConnectionBootstrap:
    """Attempts to connect until one succeeds.

    Args:
        attempt: Connects and sets up; raises ``PyMongoError`` when it fails.
        sleep: Sleeps for so many seconds; ``try_now`` cuts the usual one short.
        monotonic: Seconds, for the time until the next attempt.
    """

    def __init__(
        self,
        attempt: Callable[[], None],
        *,
        sleep: Callable[[float], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempt = attempt
        self._server_answers = Event()
        self._sleep = sleep or self._sleep_until_server_answers
        self._monotonic = monotonic
        self._attempts = 0
        self._failure = ""
        self._next_at = 0.0
        self._connected = False

    def run(self) -> None:
        """Connect; blocks this greenlet until the first connection is made."""
        retrying = Retrying(
            stop=stop_never,
            wait=wait_chain(
                *map(wait_fixed, RETRY_WAITS_SECONDS), wait_fixed(WATCH_INTERVAL_SECONDS)
            ),
            retry=retry_if_exception_type(PyMongoError),
            before=self._before_attempt,
            before_sleep=self._after_failure,
            sleep=self._sleep,
        )
        retrying(self._attempt)
        self._connected = True
        _log.info("connected to MongoDB at attempt %d", self._attempts)

    def try_now(self) -> None:
        """Make the next attempt at once: MongoDB has answered a check."""
        self._server_answers.set()

    def _sleep_until_server_answers(self, seconds: float) -> None:
        # A check may have succeeded while the attempt failed: its answer is used once, not again
        # and again without a pause.
        self._server_answers.wait(seconds)
        self._server_answers.clear()

    def evidence(self) -> HealthEvidence:
        """Report the connection or the progress towards it; safe from any thread."""
        return HealthEvidence(
            healthy=self._connected,
            reason="" if self._connected else self._progress(),
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

    def _before_attempt(self, state: RetryCallState) -> None:
        self._attempts = state.attempt_number
        self._failure = ""

    def _after_failure(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._next_at = self._monotonic() + state.upcoming_sleep
        self._failure = type(error).__name__
        if isinstance(error, PyMongoError) and not isinstance(error, ConnectionFailure):
            # The words of a server that refuses may quote documents; its kind names the setting.
            self._failure = describe(kind_of(error), error)
            error = None
        _log.warning("%s%s", self._progress(), f": {error}" if error else "")
