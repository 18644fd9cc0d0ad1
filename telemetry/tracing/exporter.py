"""The greenlet that sends spans to the receiver.

A batch is sent each interval, or sooner when one is full. A batch that cannot be delivered is kept
and sent again after growing delays while the queue behind it fills and then refuses. ``flush`` and
``shutdown`` are bounded whatever the receiver does. Nothing runs before ``start``, and exporting
never makes a span.
"""

import contextvars
import math
import random
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import gevent
from gevent import monkey
from gevent.event import Event
from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from telemetry import names
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.tracing.batch import BatchEncoder, Encoded, slice_for
from telemetry.tracing.otlp_http import ExportResult
from telemetry.tracing.problems import Problem
from telemetry.tracing.span_queue import DropReason, Entry, SpanQueue

FIRST_DELAY_SECONDS: Final = 0.25
MAX_DELAY_SECONDS: Final = 5.0
HURRIED_DELAY_SECONDS: Final = 0.1
MAX_RETRY_AFTER_SECONDS: Final = 30.0
MAX_ERROR_ATTEMPTS: Final = 5
"""OTLP forbids retrying a 500, but some Collectors send it while they start or are full; a batch
that always fails must not stay for ever.
"""

KILL_SECONDS: Final = 0.5


class Sender(Protocol):
    """Carries a request to the receiver."""

    def send(self, body: bytes) -> ExportResult:
        """One attempt, bounded in time."""

    def close(self) -> None:
        """Close connections."""


def _ignore(_: Problem) -> None:
    """Do nothing with the problem of an attempt."""


class SpanExporter:
    """Takes batches from the queue and delivers them.

    Args:
        queue: Where ended spans wait.
        encoder: Encodes a batch as the body of a request.
        sender: Carries it.
        batch_spans: Most spans of one request.
        interval_seconds: Longest that a span waits while the receiver takes spans.
        batch_timeout_seconds: Longest that one batch is tried; without a bound when ``None``.
        metrics: Records the duration of each attempt.
        guard: Stands around each round.
        on_attempt: Called with the problem of each attempt, or an empty text.
        clock: Monotonic seconds.
    """

    def __init__(  # noqa: PLR0913 - the parts of the export, each replaced alone by a test
        self,
        queue: SpanQueue,
        encoder: BatchEncoder,
        sender: Sender,
        *,
        batch_spans: int,
        interval_seconds: float,
        batch_timeout_seconds: float | None = None,
        metrics: Metrics,
        guard: Guard,
        on_attempt: Callable[[Problem], None] = _ignore,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._encoder = encoder
        self._sender = sender
        self._batch_spans = batch_spans
        self._interval_seconds = interval_seconds
        self._batch_timeout_seconds = batch_timeout_seconds
        self._durations = metrics.histogram(names.EXPORT_DURATION)
        self._guard = guard
        self._on_attempt = on_attempt
        self._clock = clock
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._thread = 0
        self._get_thread: Callable[[], int] = monkey.get_original("_thread", "get_ident")
        self._wake = Event()
        self._progress = Event()
        self._hurry = Event()
        self._flushes = 0

    def start(self) -> None:
        """Start the greenlet, in the process and thread whose hub serves.

        A second call does nothing.
        """
        if self._greenlet is None:
            self._thread = self._get_thread()
            self._queue.on_batch = self._on_batch
            # An empty context, entered from within: the caller's record and span must not become
            # the exporter's, even where spawning copies contexts.
            self._greenlet = gevent.spawn(contextvars.Context().run, self._run)

    def _on_batch(self) -> None:
        # A span that ends in a native thread waits for the interval: only the hub's own thread may
        # use its events.
        if not self._wake.is_set() and self._get_thread() == self._thread:
            self._wake.set()

    def _run(self) -> None:
        otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        due = self._clock() + self._interval_seconds
        while True:
            self._wake.wait(max(0.0, due - self._clock()))
            self._wake.clear()
            if self._flushes or self._clock() >= due:
                least, due = 1, self._clock() + self._interval_seconds
            else:
                least = self._batch_spans
            self._queue.update_gauge()
            self._round(least)

    def _round(self, least: int) -> None:
        """Deliver what waits now, in batches of at least ``least``.

        Spans that end meanwhile are left to the next round.
        """
        left = self._queue.waiting
        while left >= least:
            batch = self._queue.take(self._batch_spans)
            left -= len(batch)
            self._export(batch)
            self._progress.set()

    def _export(self, batch: list[Entry]) -> None:
        """Settle one batch, whatever happens; after a kill ``shutdown`` counts it."""
        count = len(batch)
        lost: DropReason | None = "failed"
        with self._guard.at("tracing.export"):
            spans = self._encoder.encode(batch, slice_for(len(self._queue)))
            batch.clear()  # in an outage only the bytes are kept
            self._queue.drop("encode_error", count - len(spans))
            self._queue.settle(count - len(spans))
            count = len(spans)
            lost = self._deliver(spans) if spans else None
        if lost is not None:
            self._queue.drop(lost, count)
        self._queue.settle(count)

    def _deliver_halves(self, spans: Sequence[Encoded]) -> DropReason | None:
        """Deliver a body that was too large in two; what is lost of them is counted here."""
        if len(spans) < 2:
            return "rejected"
        middle = len(spans) // 2
        for half in (spans[:middle], spans[middle:]):
            lost = self._deliver(half)
            if lost is not None:
                self._queue.drop(lost, len(half))
        return None

    def _deliver(self, spans: Sequence[Encoded]) -> DropReason | None:
        """Send until the batch is settled; returns why it was lost, or ``None``."""
        body = self._encoder.body(spans)
        deadline = self._clock() + (self._batch_timeout_seconds or math.inf)
        delay_seconds = FIRST_DELAY_SECONDS
        errors = 0
        while True:
            attempt = self._attempt(body)
            errors += attempt.result == "error"
            if attempt.result == "ok":
                self._queue.drop("rejected", attempt.rejected_spans)
                return None
            if attempt.problem == "too_large":
                return self._deliver_halves(spans)
            if attempt.result == "rejected" or errors >= MAX_ERROR_ATTEMPTS:
                return "rejected"
            self._queue.update_gauge()
            pause_seconds = max(
                delay_seconds * random.uniform(0.5, 1.0),  # noqa: S311 - jitter is no secret
                min(attempt.retry_after_seconds, MAX_RETRY_AFTER_SECONDS),
            )
            if self._clock() + pause_seconds >= deadline:
                return "timeout"
            self._pause(pause_seconds)
            delay_seconds = min(2 * delay_seconds, MAX_DELAY_SECONDS)

    def _attempt(self, body: bytes) -> ExportResult:
        attempt = ExportResult("unreachable", problem="unreachable")
        started = time.perf_counter()
        with self._guard.at("tracing.send"):
            attempt = self._sender.send(body)
        self._durations.labels(attempt.result).observe(time.perf_counter() - started)
        self._on_attempt(attempt.problem)
        return attempt

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; a flush cuts it short, a full batch does not."""
        if not self._flushes:
            self._hurry.wait(seconds)
        if self._flushes:
            gevent.sleep(HURRIED_DELAY_SECONDS)

    def flush(self, timeout_seconds: float) -> bool:
        """Deliver what has ended until now.

        Args:
            timeout_seconds: Longest this may take, whatever the receiver does.

        Returns:
            Whether all of it was settled: delivered, or dropped and counted.
        """
        target = self._queue.accepted
        deadline = self._clock() + timeout_seconds
        self.start()
        self._flushes += 1
        self._hurry.set()
        try:
            while self._queue.settled < target and (remaining := deadline - self._clock()) > 0:
                self._wake.set()
                self._progress.clear()
                self._progress.wait(remaining)
        finally:
            self._flushes -= 1
            if not self._flushes:
                self._hurry.clear()
        return self._queue.settled >= target

    def shutdown(self, timeout_seconds: float) -> bool:
        """Deliver what is left, then stop; what could not be delivered is counted as ``shutdown``.

        Args:
            timeout_seconds: Longest time for the delivery.

        Returns:
            Whether nothing was left.
        """
        self._queue.close()
        if len(self._queue):
            self.flush(timeout_seconds)
        if self._greenlet is not None:
            self._greenlet.kill(timeout=KILL_SECONDS)
        self._sender.close()
        return self._queue.abandon() == 0
