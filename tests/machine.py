"""How slow the machine is meanwhile: what a test subtracts where it measures time, so that
neighbours on the machine fail no test.
"""

import time
from types import TracebackType
from typing import Final, Self

import gevent

from tests.support.polling import TIMEOUT_SECONDS

PATIENCE_SECONDS: Final = TIMEOUT_SECONDS
_TURN_SECONDS: Final = 0.01


class Slowness:
    """Adds up, as long as its block runs, how much later than it should a greenlet of this process
    gets its turn.

    A process that does not get the processor is late everywhere; one that only computes is not, so
    what its threads ran is taken off.
    """

    def __init__(self) -> None:
        self._late_seconds = 0.0
        self._ran_seconds = 0.0
        self._greenlet: gevent.Greenlet[..., None] | None = None

    @property
    def seconds(self) -> float:
        """So far."""
        return max(0.0, self._late_seconds - self._ran_seconds)

    def _measure(self) -> None:
        while True:
            began, ran = time.monotonic(), time.process_time()
            gevent.sleep(_TURN_SECONDS)
            late = time.monotonic() - began - _TURN_SECONDS
            self._late_seconds += late
            self._ran_seconds += min(late, time.process_time() - ran)

    def __enter__(self) -> Self:
        self._greenlet = gevent.spawn(self._measure)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._greenlet is not None
        self._greenlet.kill()
