"""Spans as OTLP protobuf, encoded in slices so that the hub is never held for a whole batch.

The official encoder does the work, 16 spans at a time; serialized ``ExportTraceServiceRequest``s
put one behind the other are one request, because protobuf appends repeated fields when it merges.
A slice is compressed as soon as it is encoded, for the same reason.

Source: Protocol Buffers encoding, "Last One Wins" and merging; OTLP 1.x,
``ExportTraceServiceRequest``.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import gevent
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan

from telemetry.guard import Guard

SLICE_SPANS: Final = 16
MAX_SLICE_SPANS: Final = 64
BACKLOG_SLICES: Final = 64
YIELD_SECONDS: Final = 0.001

Compression = Literal["none", "gzip"]
GZIP_LEVEL: Final = 1
"""Higher levels take twice the time for a tenth of the size."""
GZIP_WINDOW_BITS: Final = 16 + zlib.MAX_WBITS
"""As ``zlib`` spells the gzip format."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A request's body.

    Args:
        body: Protobuf, compressed as the encoder was asked to.
        spans: How many spans it carries.
        unencodable: How many had to be left out.
    """

    body: bytes
    spans: int
    unencodable: int


def slice_for(backlog_spans: int) -> int:
    """How many spans to encode without a pause, by the number that wait.

    Sixteen hold the hub for less than a millisecond. When the hub is saturated each pause takes a
    whole turn of it, and slices that small fall behind at 2,000 spans a second
    (``bench/export_stall.py``); then they grow with the backlog, up to 3 ms.
    """
    return min(MAX_SLICE_SPANS, max(SLICE_SPANS, backlog_spans // BACKLOG_SLICES))


def yield_to_hub() -> None:
    """Give every other greenlet and the poll for I/O a turn.

    ``bench/export_stall.py`` shows why ``sleep(0)`` is not enough.
    """
    gevent.sleep(YIELD_SECONDS)


class Compressor(Protocol):
    """Compresses a body in parts, as ``zlib.compressobj`` does."""

    def compress(self, data: bytes, /) -> bytes:
        """The compressed bytes that are ready after this part."""

    def flush(self) -> bytes:
        """The rest."""


class Uncompressed:
    """A compressor that changes nothing."""

    def compress(self, data: bytes, /) -> bytes:
        """The part as it is."""
        return data

    def flush(self) -> bytes:
        """Nothing is left."""
        return b""


def gzip_compressor() -> Compressor:
    """A new gzip stream."""
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS)


COMPRESSORS: Final[dict[Compression, Callable[[], Compressor]]] = {
    "none": Uncompressed,
    "gzip": gzip_compressor,
}


def split(body: bytes, *, compression: Compression) -> list[tuple[bytes, int]]:
    """Make two requests of one whose spans are in order.

    Args:
        body: As ``SpanEncoder`` made it.
        compression: Of the body, and of the two.

    Returns:
        Each body with its number of spans; nothing when there is only one span.
    """
    plain = zlib.decompress(body, GZIP_WINDOW_BITS) if compression == "gzip" else body
    whole = ExportTraceServiceRequest.FromString(plain)
    count = sum(len(scope.spans) for each in whole.resource_spans for scope in each.scope_spans)
    if count < 2:
        return []
    half = count // 2
    return [
        (_compressed(_between(whole, first, end), compression), end - first)
        for first, end in ((0, half), (half, count))
    ]


def _between(whole: ExportTraceServiceRequest, first: int, end: int) -> ExportTraceServiceRequest:
    part = ExportTraceServiceRequest()
    part.CopyFrom(whole)
    number = 0
    for each in part.resource_spans:
        for scope in each.scope_spans:
            kept = [span for at, span in enumerate(scope.spans, number) if first <= at < end]
            number += len(scope.spans)
            del scope.spans[:]
            scope.spans.extend(kept)
    return part


def _compressed(request: ExportTraceServiceRequest, compression: Compression) -> bytes:
    compressor = COMPRESSORS[compression]()
    return compressor.compress(request.SerializeToString()) + compressor.flush()


class SpanEncoder:
    """Encodes batches.

    Args:
        guard: Counts what cannot be encoded.
        pause: Called between slices.
        compression: Of the body.
    """

    def __init__(
        self,
        guard: Guard,
        pause: Callable[[], None] = yield_to_hub,
        *,
        compression: Compression = "none",
    ) -> None:
        self._place = guard.at("tracing.encode")
        self._pause = pause
        self._compressor = COMPRESSORS[compression]

    def encode(self, spans: Sequence[ReadableSpan], slice_spans: int = SLICE_SPANS) -> Encoded:
        """Encode a batch.

        Args:
            spans: Ended; one that cannot be encoded is left out and does not take others with it.
            slice_spans: Most spans encoded without a pause.
        """
        parts: list[bytes] = []
        compressor = self._compressor()
        unencodable = 0
        for start in range(0, len(spans), slice_spans):
            if start:
                self._pause()
            part, failed = self._encode_slice(spans[start : start + slice_spans])
            parts.append(compressor.compress(part))
            unencodable += failed
        parts.append(compressor.flush())
        return Encoded(b"".join(parts), len(spans) - unencodable, unencodable)

    def _encode_slice(self, spans: Sequence[ReadableSpan]) -> tuple[bytes, int]:
        with self._place:
            return encode_spans(spans).SerializeToString(), 0
        if len(spans) == 1:
            return b"", 1
        each = [self._encode_slice([span]) for span in spans]
        return b"".join(part for part, _ in each), sum(failed for _, failed in each)
