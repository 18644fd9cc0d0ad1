"""Who asked the pool for something, and whether anybody still stands behind it.

pymongo tells the end of most things, but not of all: a greenlet that is killed while it waits for a
connection emits no event at all, and one that is killed inside the pool's ``checkin`` loses those
of the check-in. What a greenlet began is therefore kept with the greenlet.
"""

from dataclasses import dataclass
from typing import Self

import gevent
from greenlet import greenlet

from telemetry.greenlets import is_dead
from telemetry.requests.record import RequestRecord, current_record


@dataclass(frozen=True, slots=True)
class Claim:
    """What one greenlet began and has not ended.

    Args:
        greenlet: The greenlet that began it.
        record: The request that it served, when it is the request's own greenlet.
        since_seconds: When, on the listener's monotonic clock.
    """

    greenlet: greenlet
    record: RequestRecord | None
    since_seconds: float

    @classmethod
    def of_current(cls, now_seconds: float) -> Self:
        """A claim of the running greenlet."""
        current = gevent.getcurrent()
        record = current_record()
        # A child that a request spawned may rightly outlive it: only the serving greenlet's claims
        # end with the request.
        return cls(
            current,
            record if record is not None and record.greenlet is current else None,
            now_seconds,
        )

    @property
    def abandoned(self) -> bool:
        """The greenlet is gone, or its request is over: whatever it began has ended, with or
        without an event.
        """
        return is_dead(self.greenlet) or (
            self.record is not None and self.record.outcome is not None
        )
