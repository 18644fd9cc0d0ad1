"""One pool as its events describe it: its connections, the state of each, and the waiters.

The state is kept per connection id and per waiting greenlet, never as a count, so a lost event
cannot make a number drift: the next event of the same connection, or the end of its greenlet,
corrects it. Where a greenlet ended and its connection's last events were lost with it (a storm of
kills does that to pymongo's ``checkin``), the pool itself is asked whether it has the connection
back.

Nothing here blocks or yields. Only the hub's thread changes anything; ``snapshot`` may run in any
thread, because it reads copies that the interpreter makes in one step.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from telemetry.mongo.ownership import GreenletOwner

State = Literal["establishing", "idle", "used"]
T = TypeVar("T")

PRUNE_FROM: Final = 64
"""Number of waiters from which on the abandoned ones are dropped: a scrape does not count those,
but nothing else would free them.
"""


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """One pool at one instant; counts of connections.

    Source: OpenTelemetry semantic conventions, db.client.connection.*.
    """

    address: str
    used: int
    idle: int
    establishing: int
    pending: int


@dataclass(slots=True, eq=False)
class _Connection:
    state: State
    holder: GreenletOwner | None = None


class Connections:
    """The connections and the waiters of one pool.

    Args:
        address: ``host:port`` of the server.
        max_size: Most connections that the pool may open; ``None`` when it has no limit.
        min_size: Connections that the pool keeps open at least.
        idle_now: Returns the ids that the pool itself holds idle, or ``None`` when it can't be
            asked; called only in doubt.
    """

    def __init__(
        self,
        address: str,
        *,
        max_size: int | None,
        min_size: int,
        idle_now: Callable[[], Collection[int] | None] = lambda: None,
    ) -> None:
        self.address = address
        self.max_size = max_size
        self.min_size = min_size
        self.closing = False
        self._idle_now = idle_now
        self._connections: dict[int, _Connection] = {}
        self._waiting: dict[int, GreenletOwner] = {}
        self._prune_at = PRUNE_FROM

    @property
    def empty(self) -> bool:
        """Whether no connection is left, which is the end of a pool that is closing."""
        return not self._connections

    def created(self, connection: int, opener: GreenletOwner) -> None:
        """Record that a greenlet begins to establish a connection."""
        self._connections[connection] = _Connection("establishing", opener)

    def ready(self, connection: int) -> None:
        """Record that a connection is established."""
        self._connections[connection] = _Connection("idle")

    def closed(self, connection: int) -> None:
        """Record that a connection is gone."""
        self._connections.pop(connection, None)

    def wait_began(self, waiter: GreenletOwner) -> None:
        """Record that a greenlet asks for a connection."""
        # Not keyed by the greenlet itself: gevent lets users define its equality. The owner keeps
        # it alive, so its id is not used again.
        self._waiting[id(waiter.greenlet)] = waiter
        if len(self._waiting) > self._prune_at:
            self._waiting = {key: each for key, each in self._waiting.items() if not each.abandoned}
            self._prune_at = max(PRUNE_FROM, 2 * len(self._waiting))

    def wait_ended(self, greenlet: object) -> GreenletOwner | None:
        """Record that a greenlet no longer asks for a connection.

        Returns:
            The owner that ``wait_began`` recorded, or ``None``.
        """
        return self._waiting.pop(id(greenlet), None)

    def checked_out(self, connection: int, holder: GreenletOwner) -> None:
        """Record that a greenlet holds a connection."""
        self._connections[connection] = _Connection("used", holder)

    def checked_in(self, connection: int) -> GreenletOwner | None:
        """Record that a connection is back.

        Returns:
            Its holder, or ``None`` when the check-out had no event.
        """
        before = self._connections.get(connection)
        self._connections[connection] = _Connection("idle")
        return before.holder if before is not None and before.state == "used" else None

    def sweep(self) -> None:
        """Drop what greenlets that are gone have left behind; only on the hub's thread."""
        self._waiting = {key: each for key, each in self._waiting.items() if not each.abandoned}
        left = dict(self._living())
        # With no greenlet on the way in or out, what is idle is what the pool holds.
        if not self._waiting and all(connection.state == "idle" for connection in left.values()):
            idle = self._idle_now()
            left = {
                number: connection
                for number, connection in left.items()
                if idle is None or number in idle
            }
        self._connections = left

    def snapshot(self) -> PoolSnapshot:
        """Count the connections in each state, and the greenlets that wait."""
        states = [connection.state for _, connection in self._living()]
        return PoolSnapshot(
            self.address,
            used=states.count("used"),
            idle=states.count("idle"),
            establishing=states.count("establishing"),
            pending=sum(not waiter.abandoned for waiter in copied(self._waiting.values)),
        )

    @property
    def waiters(self) -> tuple[GreenletOwner, ...]:
        """The greenlets that ask for a connection; from any thread."""
        return tuple(each for each in copied(self._waiting.values) if not each.abandoned)

    @property
    def owners(self) -> tuple[tuple[int, State, GreenletOwner], ...]:
        """Connections that are not idle: id, state, and who has them; from any thread."""
        return tuple(
            (number, each.state, each.holder)
            for number, each in copied(self._connections.items)
            if each.state != "idle" and each.holder is not None and not each.holder.abandoned
        )

    def _living(self) -> Iterator[tuple[int, _Connection]]:
        """Yield the connections that exist, allowing for lost events."""
        for number, connection in copied(self._connections.items):
            if connection.holder is None or not connection.holder.abandoned:
                yield number, connection
            elif connection.state == "used":
                idle = self._idle_now()
                if idle is None or number in idle:
                    yield number, _Connection("idle")


def copied(values: Callable[[], Collection[T]]) -> tuple[T, ...]:
    """Copy a collection that the hub's thread may be changing.

    Copying a dictionary's values takes one step of the interpreter, unless a garbage collection in
    the middle of it runs Python code; then the dictionary may have changed, and the copy is made
    again. No lock: the hub never waits for a reader.

    Args:
        values: Returns the view to be copied, such as ``some_dict.values``.
    """
    while True:
        try:
            return tuple(values())
        except RuntimeError:
            continue
