"""A strict parser of the ``traceparent`` and ``tracestate`` headers of a caller.

Headers are untrusted text: one that does not follow the grammar is ignored without a log line, and
what is kept is bounded. Nothing here decides whether to trust them.

Source: W3C Trace Context, level 1, sections 3.2 and 3.3; level 2 for the random flag and versions
to come.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry.trace import TraceFlags, TraceState

from telemetry.requests.record import RequestRecord

_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_TRACEPARENT_LENGTH: Final = 55
_OPTIONAL_WHITESPACE: Final = " \t"

# Level 1's grammar, like the OpenTelemetry API's: the API logs and drops a pair that only level 2
# allows.
_KEY: Final = r"[a-z][_0-9a-z\-*/]{0,255}|[a-z0-9][_0-9a-z\-*/]{0,240}@[a-z][_0-9a-z\-*/]{0,13}"
_MEMBER: Final = re.compile(
    rf"({_KEY})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e])"
)
MAX_MEMBERS: Final = 32
MAX_LENGTH: Final = 512
"""Characters of ``tracestate`` that are passed on: the minimum of section 3.3.1.5."""

LONG_MEMBER: Final = 128
MAX_HEADER_LENGTH: Final = 1024
"""Characters of a received ``tracestate`` that are read."""


@dataclass(frozen=True, slots=True)
class Traceparent:
    """The parent span in a ``traceparent`` header.

    Args:
        trace_id: 32 hex digits in lower case, not all zero.
        parent_span_id: 16 hex digits in lower case, not all zero.
        sampled: The caller may have recorded this trace.
        random: The caller declares the low 56 bits of the trace id random (level 2).
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
        version above 00 only the part that version 00 defines is read.

    Source: W3C Trace Context, sections 3.2.2 and 4.3.
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
        record.parent_trace_state = environ.get("HTTP_TRACESTATE", "")[:MAX_HEADER_LENGTH]


def parse_tracestate(header: str) -> TraceState:
    """Parse a ``tracestate`` header into the form that a span context carries.

    Args:
        header: The header's value; several headers are joined by commas.

    Returns:
        At most 32 members and 512 characters: whole members are left out, first those over 128
        characters, then from the end. Empty when any member is not valid or a key comes twice.

    Source: W3C Trace Context, section 3.3.1.
    """
    members: dict[str, str] = {}
    for part in header.split(","):
        text = part.strip(_OPTIONAL_WHITESPACE)
        if not text:
            continue
        match = _MEMBER.fullmatch(text)
        if match is None or match[1] in members:
            return TraceState()
        members[match[1]] = match[2]
    return TraceState(list(_bounded(members).items()))


def _bounded(members: dict[str, str]) -> dict[str, str]:
    if _length(members) > MAX_LENGTH:
        members = {
            key: value for key, value in members.items() if len(key) + 1 + len(value) <= LONG_MEMBER
        }
    while len(members) > MAX_MEMBERS or _length(members) > MAX_LENGTH:
        members.popitem()
    return members


def _length(members: dict[str, str]) -> int:
    return sum(len(key) + len(value) + 2 for key, value in members.items()) - 1
