"""The span of a request, described by the request's own record.

It copies nothing: its name, attributes, status and end are the record's when that is complete, and
are written as OTLP straight from there. Only where a user's code has set attributes of its own, or
a processor reads them, do they become a mapping.
"""

from collections.abc import Mapping
from random import getrandbits
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode

from telemetry.requests.record import CUT_BY_CLIENT, RequestRecord
from telemetry.tracing.attributes import error_type, name_of, server_span_attributes
from telemetry.tracing.local_trace import LocalTrace
from telemetry.tracing.scope import Scope
from telemetry.tracing.server_encoding import encoded_server_span
from telemetry.tracing.span import Span
from telemetry.tracing.span_parts import UNSET

ERROR = Status(StatusCode.ERROR)


class ServerSpan(Span):
    """See ``Span``. The record of an open request holds it.

    Args:
        trace: Of the request, or of the outer one's for a request within another one's trace.
        scope: Of the layer.
        record: Begun.
        parent_span_id: 64 bits; 0 without a parent.
        protocol: Of the request, such as ``HTTP/1.1``.
    """

    can_wait = False
    """What its record holds may change after the end."""

    __slots__ = ("_record", "before", "current", "error_type", "nested", "protocol")

    before: Context
    """The context of the serving greenlet before it."""

    def __init__(
        self,
        trace: LocalTrace,
        scope: Scope,
        record: RequestRecord,
        parent_span_id: int,
        protocol: str,
    ) -> None:
        self.trace = trace
        self.scope = scope
        self.name = record.method_label
        self.span_id = getrandbits(64) or 1
        self.parent_span_id = parent_span_id
        self.start_time = record.started_unix_ns
        self.protocol = protocol
        self.kind = SpanKind.SERVER
        # As in the base class, whose constructor would be one call more.
        self._on_exception = (True, True)
        self.end_time = self.foreign_parent = self.kept_events = self.kept_links = None
        self.dropped_attributes = self.dropped_events = self.dropped_links = 0
        self._attributes = None
        self.kept_status = UNSET
        # See ``error_type``; of a request that has ended.
        self.error_type = ""
        # The outer request decides.
        self.nested = False
        # The context in which it is the current span.
        self.current: Context | None = None
        self._record: RequestRecord | None = None

    def complete(self, record: RequestRecord) -> bool:
        """End it with the facts of the completed record, unless user code has ended it.

        The end is the start plus the measured duration, so a step of the wall clock has no effect.

        Args:
            record: Of the request.

        Returns:
            Whether the request failed.
        """
        failed = False
        status = record.status
        if record.error_type or record.outcome != "completed" or status is None or status >= 500:
            self.error_type = error_type(record)
            failed = self.error_type != "" and record.outcome not in CUT_BY_CLIENT
        if self.end_time is None:
            self.name = name_of(record.method_label, record.route)
            if failed and self.kept_status.status_code is not StatusCode.OK:
                self.kept_status = ERROR
            for event in record.events:
                self.add_event(event.name, event.attributes, event.unix_ns)
            self._record = record
            self.end_time = record.started_unix_ns + round(record.duration_seconds * 1e9)
        return failed

    @property
    def is_complete(self) -> bool:
        """It has ended with its request, and not before."""
        return self._record is not None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Those that user code has set, and from the end on those of the request."""
        record = self._record
        if record is not None:
            self._record = None
            values = self.trace.outlet.values
            kept = self._attributes
            if kept is None:
                kept = self._attributes = {}
            facts = server_span_attributes(record, self.protocol)
            self.dropped_attributes += values.put_all(kept, facts, values.limits.attributes)
        return super().attributes

    def encoded(self) -> bytes:
        """See ``Span.encoded``."""
        record = self._record
        if (
            record is None
            or self._attributes is not None
            or (self.kept_status is not UNSET and self.kept_status.description)
            or self.kept_events is not None
            or self.kept_links is not None
            or self.trace.outlet.values.tight
        ):
            return super().encoded()
        self._record = None
        return encoded_server_span(self, record)
