"""A server span written from the facts of its request, without a mapping between.

The result decodes to what ``server_span_attributes`` and the general encoder give; a test compares
them. What many requests have in common (method, route, status, host, and a caller's agent) is
remembered in bounded tables, already encoded.
"""

from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Final, get_args

from opentelemetry.semconv._incubating.attributes.http_attributes import HTTP_RESPONSE_BODY_SIZE
from opentelemetry.semconv.attributes import (
    client_attributes,
    error_attributes,
    http_attributes,
    network_attributes,
    server_attributes,
    url_attributes,
    user_agent_attributes,
)
from opentelemetry.trace import SpanKind

from telemetry.names import (
    OTHER_METHOD,
    UNMATCHED_ROUTE,
    Phase,
)
from telemetry.requests.record import RequestRecord
from telemetry.span_names import (
    CORRELATION_IDS_ATTRIBUTE,
    DOMINANT_PHASE_ATTRIBUTE,
    PHASE_ATTRIBUTE_PREFIX,
    REQUEST_ID_ATTRIBUTE,
    SLOW_ATTRIBUTE,
)
from telemetry.tracing.attributes import MAX_HOST_LENGTH, name_of, server_of
from telemetry.tracing.encoding import (
    ATTRIBUTES,
    KINDS,
    SENT,
    encoded_state,
    flags_of,
    name_field,
    parent_id,
    tail,
    times,
)
from telemetry.tracing.span_parts import UNSET
from telemetry.tracing.values import Attributes
from telemetry.tracing.wire import DOUBLE, Key, double_prefix, pairs, varint

if TYPE_CHECKING:
    from telemetry.tracing.server_span import ServerSpan


def _key(name: str) -> Key:
    return Key(name, ATTRIBUTES)


_PATH: Final = _key(url_attributes.URL_PATH).texts
_QUERY: Final = _key(url_attributes.URL_QUERY).texts
_REQUEST_ID: Final = _key(REQUEST_ID_ATTRIBUTE).texts[36]
"""Before an id, which is always so long."""
_BODY_SIZE: Final = _key(HTTP_RESPONSE_BODY_SIZE).value
_PHASES: Final[dict[str, bytes]] = {
    phase: double_prefix(PHASE_ATTRIBUTE_PREFIX + phase, ATTRIBUTES) for phase in get_args(Phase)
}
_QUEUE: Final = _PHASES["queue"]
_CPU: Final = _PHASES["cpu"]
_seconds: Final = DOUBLE.pack
_two_phases: Final = Struct(
    f"<{len(_QUEUE)}s{DOUBLE.format[1:]}{len(_CPU)}s{DOUBLE.format[1:]}"
).pack
"""The phases of a request that has ``began_ns``: one call costs less than two look-ups and two."""

CACHED: Final = 512
"""Entries of each table; an entry takes up to 2 KB."""

_from_hex: Final = bytes.fromhex


def encoded_server_span(span: "ServerSpan", record: RequestRecord) -> bytes:
    """The span of a completed request, as the field of ``ScopeSpans`` that holds it.

    Args:
        span: Ended; it has no attributes, events and links of its own.
        record: Of the request.
    """
    trace, status = span.trace, span.kept_status
    state = trace.head.trace_state if trace.verdict is None else trace.verdict.trace_state
    path = record.path.encode("utf-8", "replace")
    parts = [
        _from_hex(f"0a10{record.trace_id}1208{record.span_id}"),
        encoded_state(state) if state else b"",
        times(b"\x39", span.start_time, b"\x41", span.end_time or 0),
        _target(
            record.method_label,
            record.route,
            record.status,
            record.scheme,
            span.protocol,
            0 if status is UNSET else status.status_code.value,
            trace.random_flag | SENT if span.foreign_parent is None else flags_of(span),
        ),
        _client(
            record.host,
            record.scheme,
            record.client_address,
            record.peer_address,
            record.user_agent,
        ),
        _REQUEST_ID,
        record.request_id.encode(),
        _size(record.response_bytes),
        _PATH[len(path)] if path else b"",
        path,
    ]
    _add_phases(parts, record)
    if span.parent_span_id:
        parts.append(parent_id(span.parent_span_id))
    if record.query:
        parts += (_QUERY[len(query := record.query.encode("utf-8", "replace"))], query)
    if (
        span.error_type
        or record.dominant_phase
        or record.correlation_ids
        or record.method_label == OTHER_METHOD
    ):
        parts.append(_rare(span, record))
    body = b"".join(parts)
    return _beginning(len(body)) + body


def _add_phases(parts: list[bytes], record: RequestRecord) -> None:
    phases = record.phase_seconds
    if record.began_ns:
        parts.append(_two_phases(_QUEUE, phases["queue"], _CPU, phases["cpu"]))
    else:
        for phase, seconds in phases.items():
            parts += (_PHASES[phase], _seconds(seconds))


@lru_cache(CACHED)
def _beginning(size: int) -> bytes:
    """What comes before a span of so many bytes."""
    return b"\x12" + varint(size)


@lru_cache(CACHED)
def _target(
    method: str,
    route: str,
    status: int | None,
    scheme: str,
    protocol: str,
    code: int,
    flags: int,
) -> bytes:
    """What all requests for a route have in common that end alike."""
    attributes: Attributes = {http_attributes.HTTP_REQUEST_METHOD: method}
    if scheme:
        attributes[url_attributes.URL_SCHEME] = scheme
    if version := protocol.partition("/")[2]:
        attributes[network_attributes.NETWORK_PROTOCOL_VERSION] = version
    if route != UNMATCHED_ROUTE:
        attributes[http_attributes.HTTP_ROUTE] = route
    if status is not None:
        attributes[http_attributes.HTTP_RESPONSE_STATUS_CODE] = status
    name_and_kind = name_field(name_of(method, route)) + KINDS[SpanKind.SERVER]
    return name_and_kind + pairs(ATTRIBUTES, attributes) + tail(code, flags)


@lru_cache(CACHED)
def _client(host: str, scheme: str, client: str, peer: str, agent: str) -> bytes:
    """What all requests of a client have in common."""
    address, port = server_of(host[:MAX_HOST_LENGTH], scheme)
    attributes: Attributes = {
        server_attributes.SERVER_ADDRESS: address,
        client_attributes.CLIENT_ADDRESS: client,
        network_attributes.NETWORK_PEER_ADDRESS: peer,
        user_agent_attributes.USER_AGENT_ORIGINAL: agent,
    }
    attributes = {name: value for name, value in attributes.items() if value}
    if port is not None:
        attributes[server_attributes.SERVER_PORT] = port
    return pairs(ATTRIBUTES, attributes)


@lru_cache(CACHED)
def _size(response_bytes: int) -> bytes:
    return _BODY_SIZE(response_bytes)


def _rare(span: "ServerSpan", record: RequestRecord) -> bytes:
    """What most requests do not have."""
    attributes: Attributes = {}
    if span.error_type:
        attributes[error_attributes.ERROR_TYPE] = span.error_type
    if record.dominant_phase:
        attributes[DOMINANT_PHASE_ATTRIBUTE] = record.dominant_phase
        attributes[SLOW_ATTRIBUTE] = True
    if record.correlation_ids:
        attributes[CORRELATION_IDS_ATTRIBUTE] = record.correlation_ids
    if record.method_label == OTHER_METHOD and record.method:
        attributes[http_attributes.HTTP_REQUEST_METHOD_ORIGINAL] = record.method
    return pairs(ATTRIBUTES, attributes)
