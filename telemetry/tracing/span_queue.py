"""Kept spans that wait for export: bounded, and it refuses the newest.

A span that was taken is delivered as soon as the receiver can be reached, so an exemplar may name
its trace; whether it was taken is the answer when it is offered. Nothing here waits, sends or takes
a lock: spans end in greenlets and in native threads.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from telemetry import names
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.tracing.scope import Scope

if TYPE_CHECKING:
    from telemetry.tracing.span import Span

DropReason = Literal["queue_full", "rejected", "encode_error", "failed", "timeout", "shutdown"]
"""Why a kept span was not delivered.

- ``queue_full``: the bound was reached, the newest was refused.
- ``rejected``: the receiver will never take it: a status that must not be retried, or a partial
success that leaves it out.
- ``encode_error``: it could not be written as protobuf.
- ``failed``: an exception inside the export, counted by the guard as well.
- ``timeout``: its batch was not delivered within ``OTEL_BSP_EXPORT_TIMEOUT``.
- ``shutdown``: it could not be delivered before the exit, or ended after it.
"""

Entry = tuple[Scope, "bytes | Span"]
"""A span with its scope: encoded, or to be encoded by the export where its trace is large."""


class SpanQueue:
    """A first-in first-out queue of kept spans; its bound includes those that are being sent.

    Args:
        capacity: Most spans held; native threads that end spans in the same instant may exceed it
            by one trace each.
        batch_spans: How many make a batch worth waking the exporter for.
        metrics: Counts what is dropped and exposes how many wait.
        guard: Stands around what runs inside the host's ``span.end()``.
    """

    def __init__(self, capacity: int, batch_spans: int, metrics: Metrics, guard: Guard) -> None:
        self._capacity = capacity
        self._batch_spans = batch_spans
        self._waiting: deque[Entry] = deque()
        self._taken = 0
        self._open = True
        dropped = metrics.counter(names.SPANS_DROPPED)
        self._dropped = {reason: dropped.labels(reason).inc for reason in get_args(DropReason)}
        self._depth = metrics.gauge(names.QUEUE_SPANS)
        self._place = guard.at("tracing.queue")
        self.on_batch: Callable[[], None] = _no_exporter
        self.accepted = 0
        self.settled = 0

    def __len__(self) -> int:
        """Spans held: those that wait and those that are being sent."""
        return len(self._waiting) + self._taken

    @property
    def waiting(self) -> int:
        """Spans that no export has taken yet."""
        return len(self._waiting)

    def accepts(self, count: int) -> bool:
        """Whether spans of one trace can be put; all of them or none, and then they are counted."""
        if not self._open:
            self.drop("shutdown", count)
        elif len(self._waiting) + self._taken + count > self._capacity:
            self.drop("queue_full", count)
        else:
            return True
        return False

    def put(self, entries: Sequence[Entry]) -> None:
        """Put spans that ``accepts`` has let in."""
        self._waiting.extend(entries)
        self.accepted += len(entries)
        if len(self._waiting) >= self._batch_spans:
            with self._place:
                self.on_batch()

    def put_one(self, scope: Scope, encoded: bytes) -> None:
        """Put the only span of a trace; see ``put``."""
        self._waiting.append((scope, encoded))
        self.accepted += 1
        if len(self._waiting) >= self._batch_spans:
            with self._place:
                self.on_batch()

    def take(self, count: int) -> list[Entry]:
        """Take the oldest spans for export; they stay counted until ``settle``.

        Args:
            count: Most spans to take.
        """
        take = self._waiting.popleft
        batch = [take() for _ in range(min(count, len(self._waiting)))]
        self._taken += len(batch)
        return batch

    def settle(self, count: int) -> None:
        """Count spans that were taken as finished: delivered, or dropped and counted."""
        self._taken -= count
        self.settled += count
        self.update_gauge()

    def drop(self, reason: DropReason, count: int) -> None:
        """Count spans that will not be delivered."""
        if count:
            self._dropped[reason](count)

    def update_gauge(self) -> None:
        """Write the gauge.

        Called in each round of the export and not at each span, where every request would pay.
        """
        self._depth.set(len(self))

    def close(self) -> None:
        """Refuse all spans from now on."""
        self._open = False

    def abandon(self) -> int:
        """Drop everything that is left, as ``shutdown``; returns how many."""
        left = len(self)
        self._waiting.clear()
        self.drop("shutdown", left)
        self._taken, self.settled = 0, self.accepted
        self.update_gauge()
        return left


def _no_exporter() -> None:
    """Do nothing: the exporter has not started."""
