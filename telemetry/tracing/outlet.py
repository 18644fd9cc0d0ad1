"""Where the spans of one provider go: held until their trace is decided, then delivered or not.

Here a decision becomes an effect. Each ended span is counted once, by why it was kept or not, and
what is held of undecided traces is bounded by bytes: over the process, and for one trace.
"""

from typing import Final, Protocol, cast

from opentelemetry.trace import StatusCode
from prometheus_client import Counter
from prometheus_client.values import MutexValue

from telemetry.guard import Guard
from telemetry.native import new_reentrant_lock
from telemetry.span_names import MISSING_SPANS_ATTRIBUTE
from telemetry.tracing.decision import DECISIONS, Decision, HeadDecision, Keeping
from telemetry.tracing.encoding import SLICE_SPANS
from telemetry.tracing.local_trace import Held, LocalTrace
from telemetry.tracing.resource import ProcessResource
from telemetry.tracing.span import Span
from telemetry.tracing.span_queue import Entry, SpanQueue
from telemetry.tracing.values import Values, size_of_all

SPAN_BYTES: Final = 700
"""A span without attributes, held in memory (CPython 3.11)."""
SHARE_OF_ONE_TRACE: Final = 4
PART_BYTES: Final = 200
"""An event or a link without attributes."""

EARLY_SPANS: Final = 256
"""Held spans of a trace that is kept anyway, from which on they are not held any longer."""


class Observer(Protocol):
    """Takes part in the life of spans that are kept; a user's processors of the SDK."""

    def started(self, span: Span, context: object) -> None:
        """A span has begun, and records."""

    def delivered(self, span: Span) -> None:
        """An ended span is kept."""


class Outlet:
    """The way of ended spans.

    Args:
        keeping: Decides.
        values: Rules for attribute values.
        resource: Of the process.
        queue: Takes kept spans; ``None`` where nothing is exported.
        counter: Counts ended spans by decision.
        guard: Stands around what runs in ``Span.end()``.
        undecided_bytes: Most memory held by ended spans of undecided traces.
    """

    def __init__(
        self,
        keeping: Keeping,
        values: Values,
        resource: ProcessResource,
        queue: SpanQueue | None,
        counter: Counter,
        guard: Guard,
        *,
        undecided_bytes: int,
    ) -> None:
        self.keeping = keeping
        self.values = values
        self.resource = resource
        self._queue = queue
        self.exports = queue is not None
        """Kept spans are delivered to a receiver."""
        # The values behind the counters: ``Counter.inc`` checks for a microsecond what holds here.
        # Nothing else writes them, so one native lock stands for theirs.
        self._counts = {
            decision: cast(MutexValue, counter.labels(decision)._value) for decision in DECISIONS
        }
        lock = new_reentrant_lock()
        self._acquire, self._release = lock.acquire, lock.release
        self.place = guard.at("tracing.end")
        self._place_of_encoding = guard.at("tracing.encode")
        self._place_of_observer = guard.at("tracing.processor")
        self._most_bytes = undecided_bytes
        self._most_of_one = undecided_bytes // SHARE_OF_ONE_TRACE
        self.held_bytes = 0
        self.observer: Observer | None = None

    def take_ended(self, span: Span) -> bool:
        """Take a span that has ended; returns whether it is delivered for certain."""
        trace = span.trace
        if trace.verdict is not None:
            return self._deliver_late(trace, [span])
        if trace.root_id == span.span_id:
            failed = span.status.status_code is StatusCode.ERROR
            return self.finish(trace, span, span.scope.name, "completed", failed, False)
        return self._hold(trace, span)

    def take_nested(self, span: Span) -> bool:
        """Take the span of a request that is a part of another one's trace.

        Returns:
            Whether it is delivered for certain; what the head decision keeps is passed on at once.
        """
        delivered = self.take_ended(span)
        trace = span.trace
        if delivered and trace.held:
            return self._pass_on(trace, trace.held)
        return delivered

    def finish(
        self,
        trace: LocalTrace,
        root: Span | None,
        route: str,
        outcome: str,
        failed: bool,
        slow: bool,
    ) -> bool:
        """Decide on a trace that has ended, once; returns whether its spans are delivered.

        Args:
            trace: Undecided.
            root: Ended, and not yet taken; ``None`` where it is held already.
            route: See ``Keeping.end``; so are the others.
            outcome: See there.
            failed: See there.
            slow: See there.
        """
        held = trace.held
        if held is None and root is not None and not trace.missing:
            # The usual case: a request without other spans.
            verdict = trace.verdict = self.keeping.end(
                trace.head, trace.trace_id, 1, route, outcome, failed, slow
            )
            counted = self._counts[verdict.decision]  # as ``_count``, at one call less
            self._acquire()
            try:
                counted._value += 1
            finally:
                self._release()
            return verdict.kept and self._deliver_one(root)
        count = (0 if held is None else len(held)) + (0 if root is None else 1)
        verdict = trace.verdict = self.keeping.end(
            trace.head, trace.trace_id, count, route, outcome, failed, slow
        )
        self._count(verdict.decision, count)
        spans = held.drain() if held is not None else []
        if root is not None:
            if trace.missing:
                root.keep_attribute(MISSING_SPANS_ATTRIBUTE, trace.missing)
            spans.append(root)
        return verdict.kept and self._deliver(spans)

    def count_unrecorded(self, head: HeadDecision) -> None:
        """Count a span of a trace that is not kept whatever happens."""
        self._count(head.decision, 1)

    def _count(self, decision: Decision, count: int) -> None:
        counted = self._counts[decision]
        self._acquire()
        try:
            counted._value += count
        finally:
            self._release()

    def announce(self, span: Span, context: object) -> None:
        """Announce a span that has begun to a user's processors."""
        if self.observer is not None:
            with self._place_of_observer:
                self.observer.started(span, context)

    # --- what is held until the decision ----------------------------------------------------------

    def _hold(self, trace: LocalTrace, span: Span) -> bool:
        size = _size_of(span)
        held = trace.held
        if held is None:
            held = trace.held = Held(self)
        full = self.held_bytes + size > self._most_bytes or held.size + size > self._most_of_one
        if full and not trace.head.kept:
            trace.missing += 1
            self._count("memory", 1)
            return False
        held.add(span, size)
        if trace.verdict is not None:  # decided meanwhile, by another thread
            return self._deliver_late(trace, held.drain())
        if trace.head.kept and (full or len(held) >= EARLY_SPANS):
            return self._pass_on(trace, held)
        return trace.head.kept

    def _pass_on(self, trace: LocalTrace, held: Held) -> bool:
        spans = held.drain()
        self._count(trace.head.decision, len(spans))
        return self._deliver(spans)

    # --- what is kept -----------------------------------------------------------------------------

    def _deliver_late(self, trace: LocalTrace, spans: list[Span]) -> bool:
        verdict = trace.verdict
        if verdict is None:
            return False
        self._count(verdict.decision, len(spans))
        return verdict.kept and self._deliver(spans)

    def _deliver(self, spans: list[Span]) -> bool:
        """Pass kept spans on, all or none: a trace with holes would mislead."""
        if self.observer is not None:
            for span in spans:
                self._place_of_observer.call(self.observer.delivered, span)
        queue, count = self._queue, len(spans)
        if queue is None or not count or not queue.accepts(count):
            return False
        if count > SLICE_SPANS:
            queue.put([(span.scope, span if span.can_wait else span.encoded()) for span in spans])
            return True
        entries: list[Entry] = []
        for span in spans:
            encoded = self._encoded(span, queue)
            if encoded is not None:
                entries.append((span.scope, encoded))
        queue.put(entries)
        return len(entries) == count

    def _deliver_one(self, span: Span) -> bool:
        """Pass on a request's only span."""
        queue = self._queue
        if self.observer is not None or queue is None:
            return self._deliver([span])
        if not queue.accepts(1):
            return False
        try:
            encoded = span.encoded()
        except Exception as error:
            self._cannot_encode(error, queue)
            return False
        queue.put_one(span.scope, encoded)
        return True

    def _encoded(self, span: Span, queue: SpanQueue) -> bytes | None:
        """Encode a span; one that cannot be is counted, and ``None``."""
        try:
            return span.encoded()
        except Exception as error:
            self._cannot_encode(error, queue)
            return None

    def _cannot_encode(self, error: Exception, queue: SpanQueue) -> None:
        queue.drop("encode_error", 1)
        self._place_of_encoding.caught(error)


def _size_of(span: Span) -> int:
    size = SPAN_BYTES + len(span.name)
    if span.attributes:
        size += size_of_all(span.attributes)
    for event in span.kept_events or ():
        size += PART_BYTES + size_of_all(event.attributes)
    for link in span.kept_links or ():
        size += PART_BYTES + size_of_all(link.attributes)
    return size
