"""Batches of spans as the body of a request, made in slices so that the hub is never held for long.

Most spans arrive encoded. Those of large traces are encoded here, sixteen at a time, and a body is
compressed in parts, for the same reason.

Source: OTLP 1.x, ``ExportTraceServiceRequest``.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import Final, Literal, cast

import gevent

from telemetry.guard import Guard
from telemetry.tracing.encoding import SLICE_SPANS, request_parts
from telemetry.tracing.resource import ProcessResource
from telemetry.tracing.scope import Scope
from telemetry.tracing.span_queue import Entry

MAX_SLICE_SPANS: Final = 64
BACKLOG_SLICES: Final = 64
YIELD_SECONDS: Final = 0.001

Compression = Literal["none", "gzip"]
GZIP_LEVEL: Final = 1
"""Higher levels take twice the time for a tenth of the size."""
GZIP_WINDOW_BITS: Final = 16 + zlib.MAX_WBITS
"""As ``zlib`` spells the gzip format."""
GZIP_SPANS: Final = 64
"""Spans that are compressed without a pause: half a millisecond."""

Encoded = tuple[Scope, bytes]
"""A span with its scope."""


def slice_for(backlog_spans: int) -> int:
    """How many spans to encode without a pause, by the number that wait.

    When the hub is saturated each pause takes a whole turn of it, and slices of sixteen fall behind
    (``bench/export_stall.py``); then they grow with the backlog.
    """
    return min(MAX_SLICE_SPANS, max(SLICE_SPANS, backlog_spans // BACKLOG_SLICES))


def yield_to_hub() -> None:
    """Give every other greenlet and the poll for I/O a turn.

    ``bench/export_stall.py`` shows why ``sleep(0)`` is not enough.
    """
    gevent.sleep(YIELD_SECONDS)


class BatchEncoder:
    """Makes bodies of requests.

    Args:
        resource: Of the process.
        guard: Counts what cannot be encoded.
        pause: Called between slices.
        compression: Of the body.
    """

    def __init__(
        self,
        resource: ProcessResource,
        guard: Guard,
        pause: Callable[[], None] = yield_to_hub,
        *,
        compression: Compression = "none",
    ) -> None:
        self._resource = resource
        self._place = guard.at("tracing.encode")
        self._pause = pause
        self._compresses = compression == "gzip"

    def encode(self, entries: Sequence[Entry], slice_spans: int = SLICE_SPANS) -> list[Encoded]:
        """Encode the spans of a batch that are not encoded yet.

        Args:
            entries: One that cannot be encoded is left out and does not take others with it.
            slice_spans: Most spans encoded without a pause.
        """
        encoded: list[Encoded] = []
        without_pause = 0
        for entry in entries:
            scope, span = entry
            if isinstance(span, bytes):
                encoded.append(cast(Encoded, entry))
                continue
            if without_pause == slice_spans:
                self._pause()
                without_pause = 0
            without_pause += 1
            with self._place:
                encoded.append((scope, span.encoded()))
        return encoded

    def body(self, spans: Sequence[Encoded]) -> bytes:
        """The body of a request with these spans, compressed where that is set."""
        parts = request_parts(self._resource, spans)
        if not self._compresses:
            return b"".join(parts)
        compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS)
        compressed: list[bytes] = []
        for start in range(0, len(parts), GZIP_SPANS):
            if start:
                self._pause()
            compressed.append(compressor.compress(b"".join(parts[start : start + GZIP_SPANS])))
        return b"".join((*compressed, compressor.flush()))
