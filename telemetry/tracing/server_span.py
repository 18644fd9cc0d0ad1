"""The span of a request, described by the request's own record.

It copies nothing: its name, attributes, status and end are the record's when that is complete, and
are written as OTLP straight from there. Only where a user's code has set attributes of its own, or
a processor reads them, do they become a mapping.
"""

from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode

from telemetry.requests.record import RequestRecord
from telemetry.tracing.attributes import is_error, server_span_attributes, span_name
from telemetry.tracing.local_trace import LocalTrace
from telemetry.tracing.scope import Scope
from telemetry.tracing.server_encoding import encoded_server_span
from telemetry.tracing.span import Span

ERROR = Status(StatusCode.ERROR)


class ServerSpan(Span):
    """See ``Span``.

    Args:
        trace: Of the request.
        scope: Of the layer.
        record: Begun.
        parent_span_id: 64 bits; 0 without a parent.
        foreign_parent: The caller's span.
    """

    __slots__ = ("_protocol", "_record")

    def __init__(
        self,
        trace: LocalTrace,
        scope: Scope,
        record: RequestRecord,
        parent_span_id: int,
        foreign_parent: SpanContext | None,
    ) -> None:
        super().__init__(
            trace,
            scope,
            record.method_label,
            SpanKind.SERVER,
            parent_span_id,
            record.started_unix_ns,
            foreign_parent,
        )
        self._record: RequestRecord | None = None
        self._protocol = ""

    def complete(self, record: RequestRecord, protocol: str) -> bool:
        """End it with the facts of the completed record.

        The end is the start plus the measured duration, so a step of the wall clock has no effect.

        Args:
            record: Of the request.
            protocol: See ``OpenRequest``.

        Returns:
            Whether it was still open: user code may have ended it, and then it stays as it was.
        """
        if self.end_time is not None:
            return False
        self.name = span_name(record)
        if is_error(record) and self._status.status_code is not StatusCode.OK:
            self._status = ERROR
        self._record, self._protocol = record, protocol
        self.end_time = record.started_unix_ns + round(record.duration_seconds * 1e9)
        return True

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Those that user code has set, and from the end on those of the request."""
        record = self._record
        if record is not None:
            self._record = None
            values = self.trace.values
            kept = self._attributes
            if kept is None:
                kept = self._attributes = {}
            facts = server_span_attributes(record, self._protocol)
            self.dropped_attributes += values.put_all(kept, facts, values.limits.attributes)
        return super().attributes

    can_wait = False
    """What its record holds may change after the end."""

    def encoded(self) -> bytes:
        """See ``Span.encoded``."""
        record = self._record
        if record is None or self._attributes is not None or self.trace.values.tight:
            return super().encoded()
        self._record = None
        return encoded_server_span(self, record, self._protocol)
