"""Which greenlet began a wait, a connection or a command, and whether that greenlet is gone.

pymongo emits an event at the end of most things, but not of all: a greenlet that is killed while it
waits for a connection emits no event at all, and one that is killed inside the pool's ``checkin``
loses those of the check-in. What a greenlet began is therefore kept with the greenlet.
"""

from dataclasses import dataclass
from typing import Self

import gevent
from greenlet import greenlet

from telemetry.greenlets import is_dead
from telemetry.requests.record import RequestRecord, current_record

Address = tuple[str, int | None]


def pool_name(address: Address) -> str:
    """Return a pool's label: ``host:port``, ``[host]:port`` for IPv6, or a Unix socket's path."""
    host, port = address
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class GreenletOwner:
    """The greenlet that began something which has not ended.

    Args:
        greenlet: The greenlet.
        record: The request that it served, when it is the request's own greenlet.
        since_seconds: When it began, on the listener's monotonic clock.
        request: The request that it works for, also as a child of the request's own greenlet.
        waited_seconds: How long it waited for what it has.
    """

    greenlet: greenlet
    record: RequestRecord | None
    since_seconds: float
    request: RequestRecord | None = None
    waited_seconds: float = 0.0

    @classmethod
    def current(cls, now_seconds: float, waited_seconds: float = 0.0) -> Self:
        """Return the running greenlet as an owner.

        Args:
            now_seconds: The listener's monotonic clock.
            waited_seconds: How long it waited for what it has now.
        """
        current = gevent.getcurrent()
        record = current_record()
        # A child that a request spawned may rightly outlive it: ownership ends with the request
        # only for the greenlet that serves it.
        return cls(
            current,
            record if record is not None and record.greenlet is current else None,
            now_seconds,
            record,
            waited_seconds,
        )

    @property
    def abandoned(self) -> bool:
        """Whether the greenlet is gone or its request is over.

        Then whatever it began has ended, with or without an event.
        """
        return is_dead(self.greenlet) or (
            self.record is not None and self.record.outcome is not None
        )
