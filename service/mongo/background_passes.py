"""Passes over documents, one after the other in the background of a worker."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import gevent
from pymongo.errors import PyMongoError


class BackgroundPasses(ABC):
    """Makes passes until it is stopped; MongoDB's errors skip one.

    Args:
        sleep: Sleeps for so many seconds.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Make passes in the background."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Make no more passes; a running one is cut off, as by a crash."""
        if self._greenlet is not None:
            self._greenlet.kill()

    @abstractmethod
    def run_pass(self) -> int:
        """Make one pass, and return the number of documents that it finished.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be used.
        """

    @abstractmethod
    def _pause_seconds(self) -> float:
        """Return the time until the next pass."""

    @abstractmethod
    def _log_skipped(self, error: PyMongoError) -> None:
        """Log a pass that MongoDB has ended."""

    def _run(self) -> None:
        while True:
            self._sleep(self._pause_seconds())
            try:
                self.run_pass()
            except PyMongoError as error:
                self._log_skipped(error)
