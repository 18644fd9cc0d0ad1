"""One pool as its events tell it: which connections there are, in which state each is, and who
waits.

The state is kept per connection id and per waiting greenlet, never as a count, so a lost event
cannot make a number drift: the next event of the same connection, or the end of its greenlet, puts
it right. Where a greenlet ended and took its connection's last events with it (a storm of kills
does that to pymongo's ``checkin``), the pool itself is asked whether it has the connection back.

Nothing here blocks or yields. Only the hub's thread changes anything; ``snapshot`` may run in any
thread, because it reads copies that the interpreter makes in one step.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from telemetry.mongo.ownership import Claim

State = Literal["establishing", "idle", "used"]
T = TypeVar("T")

PRUNE_FROM: Final = 64
"""Waiters that are kept before the abandoned ones are looked for: a scrape does not count those,
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
    holder: Claim | None = None


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
        self._waiting: dict[int, Claim] = {}
        self._prune_at = PRUNE_FROM

    @property
    def empty(self) -> bool:
        """No connection is left; of a pool that is closing this is the end."""
        return not self._connections

    def created(self, connection: int, opener: Claim) -> None:
        """A greenlet begins to establish a connection."""
        self._connections[connection] = _Connection("establishing", opener)

    def ready(self, connection: int) -> None:
        """A connection is established."""
        self._connections[connection] = _Connection("idle")

    def closed(self, connection: int) -> None:
        """A connection is gone."""
        self._connections.pop(connection, None)

    def wait_began(self, claim: Claim) -> None:
        """A greenlet asks for a connection."""
        # Not keyed by the greenlet itself: gevent lets users define its equality. The claim keeps
        # it alive, so its id is not used again.
        self._waiting[id(claim.greenlet)] = claim
        if len(self._waiting) > self._prune_at:
            self._waiting = {key: each for key, each in self._waiting.items() if not each.abandoned}
            self._prune_at = max(PRUNE_FROM, 2 * len(self._waiting))

    def wait_ended(self, waiter: object) -> Claim | None:
        """A greenlet no longer asks for a connection.

        Returns:
            What it had begun, or ``None``.
        """
        return self._waiting.pop(id(waiter), None)

    def checked_out(self, connection: int, holder: Claim) -> None:
        """A greenlet holds a connection."""
        self._connections[connection] = _Connection("used", holder)

    def checked_in(self, connection: int) -> Claim | None:
        """A connection is back.

        Returns:
            What its holder had begun, or ``None`` when that was never told.
        """
        before = self._connections.get(connection)
        self._connections[connection] = _Connection("idle")
        return before.holder if before is not None and before.state == "used" else None

    def sweep(self) -> None:
        """Let go of what greenlets that are gone have left behind; only on the hub's thread."""
        self._waiting = {key: claim for key, claim in self._waiting.items() if not claim.abandoned}
        left = dict(self._living())
        # With nobody on the way in or out, what is idle is what the pool holds.
        if not self._waiting and all(connection.state == "idle" for connection in left.values()):
            idle = self._idle_now()
            left = {
                number: connection
                for number, connection in left.items()
                if idle is None or number in idle
            }
        self._connections = left

    def snapshot(self) -> PoolSnapshot:
        """How many connections are in which state, and how many greenlets wait."""
        states = [connection.state for _, connection in self._living()]
        return PoolSnapshot(
            self.address,
            used=states.count("used"),
            idle=states.count("idle"),
            establishing=states.count("establishing"),
            pending=sum(not claim.abandoned for claim in copied(self._waiting.values)),
        )

    def _living(self) -> Iterator[tuple[int, _Connection]]:
        """The connections that exist, allowing for events that were never told."""
        for number, connection in copied(self._connections.items):
            if connection.holder is None or not connection.holder.abandoned:
                yield number, connection
            elif connection.state == "used":
                idle = self._idle_now()
                if idle is None or number in idle:
                    yield number, _Connection("idle")


def copied(values: Callable[[], Collection[T]]) -> tuple[T, ...]:
    """A copy of what the hub's thread may be changing.

    Copying a dictionary's values takes one step of the interpreter, unless a garbage collection in
    the middle of it runs Python code; then the dictionary may have changed, and the copy is made
    again. No lock: the hub never waits for whoever reads.

    Args:
        values: Returns the view to be copied, such as ``some_dict.values``.
    """
    while True:
        try:
            return tuple(values())
        except RuntimeError:
            continue
