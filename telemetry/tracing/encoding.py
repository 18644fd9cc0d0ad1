"""Spans as OTLP protobuf, encoded in slices so that the hub is never held for a whole batch.

The official encoder does the work, 16 spans at a time; serialized ``ExportTraceServiceRequest``s put one behind the other are one request,
because protobuf appends repeated fields when it merges.

Source: Protocol Buffers encoding, "Last One Wins" and merging; OTLP 1.x, ``ExportTraceServiceRequest``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import gevent
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

from telemetry.guard import Guard

SLICE_SPANS: Final = 16
YIELD_SECONDS: Final = 0.001


@dataclass(frozen=True, slots=True)
class Encoded:
    """A request's body.

    Args:
        body: Protobuf.
        spans: How many spans it carries.
        unencodable: How many had to be left out.
    """

    body: bytes
    spans: int
    unencodable: int


def yield_to_hub() -> None:
    """Let every other greenlet and the poll for I/O have their turn; see ``bench/export_stall.py`` for why not ``sleep(0)``."""
    gevent.sleep(YIELD_SECONDS)


class SpanEncoder:
    """Encodes batches.

    Args:
        guard: Counts what cannot be encoded.
        pause: Called between slices.
    """

    def __init__(self, guard: Guard, pause: Callable[[], None] = yield_to_hub) -> None:
        self._place = guard.at("tracing.encode")
        self._pause = pause

    def encode(self, spans: Sequence[ReadableSpan]) -> Encoded:
        """Encode a batch; a span that cannot be encoded is left out and does not take others with it."""
        parts: list[bytes] = []
        unencodable = 0
        for start in range(0, len(spans), SLICE_SPANS):
            if start:
                self._pause()
            part, failed = self._encode_slice(spans[start : start + SLICE_SPANS])
            parts.append(part)
            unencodable += failed
        return Encoded(b"".join(parts), len(spans) - unencodable, unencodable)

    def _encode_slice(self, spans: Sequence[ReadableSpan]) -> tuple[bytes, int]:
        with self._place:
            return encode_spans(spans).SerializeToString(), 0
        if len(spans) == 1:
            return b"", 1
        each = [self._encode_slice([span]) for span in spans]
        return b"".join(part for part, _ in each), sum(failed for _, failed in each)
