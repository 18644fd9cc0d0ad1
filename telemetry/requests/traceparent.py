"""A strict parser of the ``traceparent`` header of a caller.

Headers are untrusted text: one that does not follow the grammar is ignored without a log line, and
its ``tracestate`` with it. Nothing here decides whether to trust them.

Source: W3C Trace Context, level 2, sections 3.2 and 3.4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.trace import TraceFlags

from telemetry.requests.record import RequestRecord

_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_TRACEPARENT_LENGTH: Final = 55
_OPTIONAL_WHITESPACE: Final = " \t"


@dataclass(frozen=True, slots=True)
class Traceparent:
    """The parent span in a ``traceparent`` header.

    Args:
        trace_id: 32 hex digits in lower case, not all zero.
        parent_span_id: 16 hex digits in lower case, not all zero.
        sampled: The caller may have recorded this trace.
        random: The caller declares the low 56 bits of the trace id random. Other flags are not
            read and not passed on.
    """

    trace_id: str
    parent_span_id: str
    sampled: bool
    random: bool = False


def parse_traceparent(header: str) -> Traceparent | None:
    """Parse a ``traceparent`` header.

    Args:
        header: The header's value; white space around it is tolerated.

    Returns:
        The parent, or ``None`` when the header is not valid and a new trace should begin. Of a
        version above 00 only the part that version 00 defines is read; two headers of version 00,
        which a server joins by a comma, are not valid.

    Source: W3C Trace Context, level 2, sections 3.2.2 and 3.2.4.
    """
    header = header.strip(_OPTIONAL_WHITESPACE)
    match = _TRACEPARENT.match(header)
    if match is None:
        return None
    version, trace_id, parent_span_id, flags = match.groups()
    rest = header[_TRACEPARENT_LENGTH : _TRACEPARENT_LENGTH + 1]
    if version == "ff" or (rest and (version == "00" or rest != "-")):
        return None
    if trace_id == "0" * 32 or parent_span_id == "0" * 16:
        return None
    bits = int(flags, 16)
    return Traceparent(
        trace_id,
        parent_span_id,
        bool(bits & TraceFlags.SAMPLED),
        bool(bits & TraceFlags.RANDOM_TRACE_ID),
    )


def adopt_traceparent(record: RequestRecord, environ: Mapping[str, Any]) -> None:
    """Make a caller's span the parent of a request; does nothing without a valid ``traceparent``.

    ``tracestate`` is kept as it came, and read only where it is needed.

    Args:
        record: Of the request, not yet begun.
        environ: Of the request.
    """
    header = environ.get("HTTP_TRACEPARENT")
    parent = parse_traceparent(header) if header else None
    if parent is not None:
        record.trace_id = parent.trace_id
        record.parent_span_id = parent.parent_span_id
        record.parent_sampled = parent.sampled
        record.parent_random = parent.random
        record.parent_trace_state = environ.get("HTTP_TRACESTATE", "")
