"""Whether the receiver takes spans: one log line when it stops, one when it goes on.

Requests never notice a receiver that is down or set up wrongly, so nobody else would. The state is
a detail of health that makes no process unready, and a metric for an alert.
"""

import logging
import math
import re
import time
from collections.abc import Callable
from typing import Final

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.metrics import Metrics
from telemetry.tracing.problems import PASSING, Problem, advice

PATIENCE_SECONDS: Final = 5.0
"""How long a receiver may be away, as in a restart, before that is a problem."""
SILENCE_SECONDS: Final = 60.0
"""Problems that come back sooner than this are logged no second time."""

_log = logging.getLogger("telemetry.tracing")


class ExportState:
    """What came of the last attempts.

    Args:
        config: Names the receiver, and the settings in use.
        metrics: Where the problem is exposed.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._url = re.sub(r"//.*@", "//***@", config.traces_url.partition("?")[0])
        self._gauge = metrics.gauge(names.EXPORT_PROBLEM)
        self._clock = clock
        self._problem: Problem = ""
        self._since = 0.0
        self._reported: Problem = ""
        self._silent_until = -math.inf

    def record(self, problem: Problem) -> None:
        """Record how one attempt ended.

        Args:
            problem: Empty when the receiver took all of it.
        """
        if problem == self._problem == self._reported:
            return  # the usual case, good or bad
        now = self._clock()
        if not problem:
            self._end(now)
            return
        if not self._problem:
            self._since = now
        self._problem = problem
        if problem not in PASSING or now - self._since >= PATIENCE_SECONDS:
            self._begin(problem, now)

    @property
    def problem(self) -> Problem:
        """Why spans are not delivered; empty when they are. At once, from any thread."""
        return self._reported

    @property
    def advice(self) -> str:
        """The problem in words that name the setting, without the receiver's address."""
        problem = self._reported
        return f"spans are not delivered: {advice(problem, self._config)}" if problem else ""

    def _begin(self, problem: Problem, now: float) -> None:
        if self._reported:
            self._gauge.labels(self._reported).set(0)
        self._gauge.labels(problem).set(1)
        first = not self._reported and now >= self._silent_until
        self._reported = problem
        if first:
            self._silent_until = math.inf
            _log.error(
                "spans are not delivered to %s: %s",
                self._url,
                advice(problem, self._config),
                extra={"fields": {"problem": problem}},
            )

    def _end(self, now: float) -> None:
        reported, self._reported, self._problem = self._reported, "", ""
        if not reported:
            return
        self._gauge.labels(reported).set(0)
        if self._silent_until == math.inf:
            self._silent_until = now + SILENCE_SECONDS
            _log.warning(
                "spans are delivered to %s again, after %.0f s", self._url, now - self._since
            )
