"""Deletes expired documents where the server does not.

Once in an interval one worker of all makes a pass: the one whose insert of the interval's document
wins, on MongoDB and FerretDB alike. A worker that dies in its pass leaves the rest to the next one.
"""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import gevent
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from service.mongo.background_passes import BackgroundPasses
from service.mongo.retention import Retention, delete_expired
from service.mongo.write_once import WriteOnceStore

_log: Final = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 0.02
"""Between two batches."""
PASS_KEPT_SECONDS: Final = 86400.0


class Sweeper(BackgroundPasses):
    """Makes passes in the background.

    Args:
        retention: What expires.
        passes: Documents of passes, by interval.
        interval_seconds: Between two passes.
        on_deleted: Called with the collection and the number of each batch.
        now: Current time in UTC.
        sleep: Sleeps for so many seconds.
    """

    def __init__(
        self,
        retention: Retention,
        passes: Collection[dict[str, Any]],
        *,
        interval_seconds: float,
        on_deleted: Callable[[str, int], None],
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        super().__init__(sleep)
        self._retention = retention
        self._passes = WriteOnceStore(passes)
        self._interval_seconds = interval_seconds
        self._on_deleted = on_deleted
        self._now = now

    def run_pass(self) -> int:
        """Make the pass of this interval, unless a worker has made it; return what it deleted.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be used.
        """
        now = self._now()
        if not self._retention.swept or not self._claim(now):
            return 0
        deleted: dict[str, int] = {}
        for entry in self._retention.swept:
            name = entry.collection.name
            for count in delete_expired(entry, now, lambda: self._sleep(PAUSE_SECONDS)):
                self._on_deleted(name, count)
                deleted[name] = deleted.get(name, 0) + count
        if deleted:
            counts = ", ".join(f"{count} of {name}" for name, count in deleted.items())
            _log.info("deleted expired documents: %s", counts)
        return sum(deleted.values())

    def _claim(self, now: datetime) -> bool:
        number = int(now.timestamp() // self._interval_seconds)
        expires_at = now + timedelta(seconds=PASS_KEPT_SECONDS)
        return self._passes.record(f"{self._interval_seconds:g}:{number}", expires_at=expires_at)

    def _pause_seconds(self) -> float:
        # Shorter than an interval, so that none is missed, and not in step with other workers.
        return self._interval_seconds * random.uniform(0.5, 0.9)  # noqa: S311

    def _log_skipped(self, error: PyMongoError) -> None:
        _log.warning("no sweep of expired documents: %s", type(error).__name__)
