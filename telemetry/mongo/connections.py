"""One pool as its events tell it: which connections there are, in which state each is, and who waits.

The state is kept per connection id and per waiting greenlet, never as a count, so a lost event cannot make a number drift: the next event
of the same connection, or the end of its greenlet, puts it right. Nothing here blocks or yields. Only the hub's thread changes anything;
``snapshot`` may run in any thread, because it reads copies that the interpreter makes in one step.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from telemetry.mongo.claims import Claim

State = Literal["establishing", "idle", "used"]
T = TypeVar("T")

PRUNE_FROM: Final = 64
"""Waiters that are kept before the abandoned ones are looked for: a scrape does not count those, but nothing else would free them."""


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
    generation: int
    holder: Claim | None = None
    presumed: bool = False


class Connections:
    """The connections and the waiters of one pool.

    Args:
        address: ``host:port`` of the server.
        max_size: Most connections that the pool may open; ``None`` when it has no limit.
        min_size: Connections that the pool keeps open at least.
    """

    def __init__(self, address: str, *, max_size: int | None, min_size: int) -> None:
        self.address = address
        self.max_size = max_size
        self.min_size = min_size
        self.closing = False
        self._generation = 0
        self._connections: dict[int, _Connection] = {}
        self._waiting: dict[int, Claim] = {}
        self._prune_at = PRUNE_FROM

    @property
    def empty(self) -> bool:
        """No connection is left; of a pool that is closing this is the end."""
        return not self._connections

    def created(self, connection: int, opener: Claim) -> None:
        """A greenlet begins to establish a connection."""
        if id(opener.greenlet) in self._waiting:
            # A pool opens a connection for a waiter only when it has no idle one: what was only presumed to be idle is gone.
            self._forget_presumed()
        self._connections[connection] = _Connection("establishing", self._generation, opener)

    def ready(self, connection: int) -> None:
        """A connection is established."""
        established = self._get(connection)
        established.state, established.holder = "idle", None

    def closed(self, connection: int) -> None:
        """A connection is gone."""
        self._connections.pop(connection, None)

    def cleared(self) -> None:
        """Every connection there is now will be closed instead of used again."""
        self._generation += 1

    def wait_began(self, claim: Claim) -> None:
        """A greenlet asks for a connection."""
        # Not keyed by the greenlet itself: gevent lets users define its equality. The claim keeps it alive, so its id is not used again.
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
        held = self._get(connection)
        held.state, held.holder, held.presumed = "used", holder, False

    def checked_in(self, connection: int) -> Claim | None:
        """A connection is back.

        Returns:
            What its holder had begun, or ``None`` when that was never told.
        """
        held = self._get(connection)
        holder, held.holder = held.holder, None
        held.state, held.presumed = "idle", False
        return holder

    def sweep(self) -> None:
        """Let go of the greenlets that are gone and of what they held; only on the hub's thread."""
        self._waiting = {key: claim for key, claim in self._waiting.items() if not claim.abandoned}
        for number, connection in tuple(self._connections.items()):
            state = self._state_of(connection)
            if state is None:
                del self._connections[number]
            elif state != connection.state:
                connection.state, connection.holder, connection.presumed = state, None, True

    def snapshot(self) -> PoolSnapshot:
        """How many connections are in which state, and how many greenlets wait."""
        states = [self._state_of(connection) for connection in copied(self._connections.values)]
        return PoolSnapshot(
            self.address,
            used=states.count("used"),
            idle=states.count("idle"),
            establishing=states.count("establishing"),
            pending=sum(not claim.abandoned for claim in copied(self._waiting.values)),
        )

    def _state_of(self, connection: _Connection) -> State | None:
        """The state, allowing for events that were never told; ``None`` for a connection that must be gone."""
        holder = connection.holder
        if holder is None or not holder.abandoned:
            return connection.state
        # Its check-in was lost. A pool that was cleared meanwhile has thrown it away; else it is back, and the next in line.
        back = connection.state == "used" and connection.generation == self._generation
        return "idle" if back else None

    def _forget_presumed(self) -> None:
        self.sweep()
        self._connections = {number: each for number, each in self._connections.items() if not each.presumed}

    def _get(self, connection: int) -> _Connection:
        known = self._connections.get(connection)
        if known is None:
            known = self._connections[connection] = _Connection("establishing", self._generation)
        return known


def copied(values: Callable[[], Collection[T]]) -> tuple[T, ...]:
    """A copy of what the hub's thread may be changing.

    Copying a dictionary's values takes one step of the interpreter, unless a garbage collection in the middle of it runs Python code; then
    the dictionary may have changed, and the copy is made again. No lock: the hub never waits for whoever reads.

    Args:
        values: Returns the view to be copied, such as ``some_dict.values``.
    """
    while True:
        try:
            return tuple(values())
        except RuntimeError:
            continue
