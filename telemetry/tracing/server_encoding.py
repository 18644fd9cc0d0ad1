"""A server span written from the facts of its request, without a mapping between.

The result decodes to what ``server_span_attributes`` and the general encoder give; a test compares
them. What many requests have in common (method, route, status, host, and a caller's agent) is
remembered in bounded tables, already encoded.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

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

from telemetry.names import (
    CORRELATION_IDS_ATTRIBUTE,
    DOMINANT_PHASE_ATTRIBUTE,
    OTHER_METHOD,
    REQUEST_ID_ATTRIBUTE,
    SLOW_ATTRIBUTE,
    UNMATCHED_ROUTE,
)
from telemetry.requests.record import RequestRecord
from telemetry.tracing.attributes import MAX_HOST_LENGTH, error_type, server_of
from telemetry.tracing.encoding import ATTRIBUTES, beginning, finished, times
from telemetry.tracing.values import Attributes
from telemetry.tracing.wire import Key, pairs

if TYPE_CHECKING:
    from telemetry.tracing.server_span import ServerSpan


def _key(name: str) -> Key:
    return Key(name, ATTRIBUTES)


_PATH: Final = _key(url_attributes.URL_PATH)
_QUERY: Final = _key(url_attributes.URL_QUERY)
_REQUEST_ID: Final = _key(REQUEST_ID_ATTRIBUTE)
_ERROR_TYPE: Final = _key(error_attributes.ERROR_TYPE)
_BODY_SIZE: Final = _key(HTTP_RESPONSE_BODY_SIZE)

CACHED: Final = 512
"""Entries of each table; an entry takes up to 2 KB."""


def encoded_server_span(span: "ServerSpan", record: RequestRecord, protocol: str) -> bytes:
    """The span of a completed request, as the field of ``ScopeSpans`` that holds it.

    Args:
        span: Ended; it has no attributes of its own.
        record: Of the request.
        protocol: As the WSGI server names it, such as ``HTTP/1.1``.
    """
    start, end = span.start_time, span.end_time or 0
    path = record.path.encode("utf-8", "replace")
    request_id = record.request_id.encode()
    parts = beginning(span)
    parts += (
        times(b"\x39", start, b"\x41", end),
        _target(record.method_label, record.route, record.status, record.scheme, protocol),
        _host(record.host[:MAX_HOST_LENGTH], record.scheme),
        _addresses(record.client_address, record.peer_address),
        _agent(record.user_agent),
        _REQUEST_ID.text(request_id),
        request_id,
        _size(record.response_bytes),
    )
    if path:
        parts += (_PATH.text(path), path)
    if record.query:
        query = record.query.encode("utf-8", "replace")
        parts += (_QUERY.text(query), query)
    failed = error_type(record)
    if failed:
        parts.append(_ERROR_TYPE.value(failed))
    if record.dominant_phase:
        parts.append(_slow(record.dominant_phase))
    if record.correlation_ids or record.method_label == OTHER_METHOD:
        parts.append(_rare(record))
    return finished(span, parts)


@lru_cache(CACHED)
def _target(method: str, route: str, status: int | None, scheme: str, protocol: str) -> bytes:
    attributes: Attributes = {http_attributes.HTTP_REQUEST_METHOD: method}
    if scheme:
        attributes[url_attributes.URL_SCHEME] = scheme
    if version := protocol.partition("/")[2]:
        attributes[network_attributes.NETWORK_PROTOCOL_VERSION] = version
    if route != UNMATCHED_ROUTE:
        attributes[http_attributes.HTTP_ROUTE] = route
    if status is not None:
        attributes[http_attributes.HTTP_RESPONSE_STATUS_CODE] = status
    return pairs(ATTRIBUTES, attributes)


@lru_cache(CACHED)
def _host(host: str, scheme: str) -> bytes:
    address, port = server_of(host, scheme)
    attributes: Attributes = {}
    if address:
        attributes[server_attributes.SERVER_ADDRESS] = address
    if port is not None:
        attributes[server_attributes.SERVER_PORT] = port
    return pairs(ATTRIBUTES, attributes)


@lru_cache(CACHED)
def _addresses(client: str, peer: str) -> bytes:
    attributes: Attributes = {
        client_attributes.CLIENT_ADDRESS: client,
        network_attributes.NETWORK_PEER_ADDRESS: peer,
    }
    return pairs(ATTRIBUTES, {name: value for name, value in attributes.items() if value})


@lru_cache(CACHED)
def _agent(agent: str) -> bytes:
    return pairs(ATTRIBUTES, {user_agent_attributes.USER_AGENT_ORIGINAL: agent} if agent else {})


@lru_cache(CACHED)
def _size(response_bytes: int) -> bytes:
    return _BODY_SIZE.value(response_bytes)


@lru_cache(16)
def _slow(phase: str) -> bytes:
    return pairs(ATTRIBUTES, {DOMINANT_PHASE_ATTRIBUTE: phase, SLOW_ATTRIBUTE: True})


def _rare(record: RequestRecord) -> bytes:
    attributes: Attributes = {}
    if record.correlation_ids:
        attributes[CORRELATION_IDS_ATTRIBUTE] = record.correlation_ids
    if record.method_label == OTHER_METHOD and record.method:
        attributes[http_attributes.HTTP_REQUEST_METHOD_ORIGINAL] = record.method
    return pairs(ATTRIBUTES, attributes)
