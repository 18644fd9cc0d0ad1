"""Name, attributes and status of a server span, from a completed request.

One function from a record to each of them; values are facts of the record, bounded and already
redacted.

Source: OpenTelemetry semantic conventions, "HTTP server span" (stable).
"""

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

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
from opentelemetry.util.types import AttributeValue

from telemetry.names import OTHER_METHOD, UNMATCHED_ROUTE
from telemetry.requests.record import ABORTED, CUT_BY_CLIENT, RequestRecord
from telemetry.span_names import (
    CORRELATION_IDS_ATTRIBUTE,
    DOMINANT_PHASE_ATTRIBUTE,
    PHASE_ATTRIBUTE_PREFIX,
    REQUEST_ID_ATTRIBUTE,
    SLOW_ATTRIBUTE,
)
from telemetry.urls import DEFAULT_PORTS

MAX_HOST_LENGTH: Final = 255


def span_name(record: RequestRecord) -> str:
    """``GET /posts/<slug>``; the method alone without a route.

    A method that is not known is ``HTTP``.
    """
    return name_of(record.method_label, record.route)


@lru_cache(maxsize=512)
def name_of(method_label: str, route: str) -> str:
    """See ``span_name``."""
    method = "HTTP" if method_label == OTHER_METHOD else method_label
    return method if route == UNMATCHED_ROUTE else f"{method} {route}"


def error_type(record: RequestRecord) -> str:
    """Why the request failed, from a small set of values; empty when it did not fail.

    It is how the request was cut short, else the class of the exception, else a status of 500 or
    more.
    """
    if record.outcome in ABORTED:
        return str(record.outcome)
    if record.error_type:
        return record.error_type
    return str(record.status) if record.status is not None and record.status >= 500 else ""


def is_error(record: RequestRecord) -> bool:
    """Whether the span's status is an error: the server failed.

    A client that disconnects or is too slow, or that requests a resource that does not exist, is no
    error.
    """
    return record.outcome not in CUT_BY_CLIENT and error_type(record) != ""


def server_span_attributes(record: RequestRecord, protocol: str) -> dict[str, AttributeValue]:
    """All attributes of a server span.

    Args:
        record: Completed.
        protocol: As the WSGI server names it, such as ``HTTP/1.1``.
    """
    address, port = server_of(record.host[:MAX_HOST_LENGTH], record.scheme)
    attributes: dict[str, AttributeValue] = {
        http_attributes.HTTP_REQUEST_METHOD: record.method_label,
        url_attributes.URL_SCHEME: record.scheme,
        url_attributes.URL_PATH: record.path,
        url_attributes.URL_QUERY: record.query,
        server_attributes.SERVER_ADDRESS: address,
        client_attributes.CLIENT_ADDRESS: record.client_address,
        network_attributes.NETWORK_PEER_ADDRESS: record.peer_address,
        network_attributes.NETWORK_PROTOCOL_VERSION: protocol.partition("/")[2],
        user_agent_attributes.USER_AGENT_ORIGINAL: record.user_agent,
        error_attributes.ERROR_TYPE: error_type(record),
        REQUEST_ID_ATTRIBUTE: record.request_id,
        HTTP_RESPONSE_BODY_SIZE: record.response_bytes,
        DOMINANT_PHASE_ATTRIBUTE: record.dominant_phase,
    }
    if record.dominant_phase:
        attributes[SLOW_ATTRIBUTE] = True
    if record.route != UNMATCHED_ROUTE:
        attributes[http_attributes.HTTP_ROUTE] = record.route
    if record.method_label == OTHER_METHOD:
        attributes[http_attributes.HTTP_REQUEST_METHOD_ORIGINAL] = record.method
    if record.status is not None:
        attributes[http_attributes.HTTP_RESPONSE_STATUS_CODE] = record.status
    if record.correlation_ids:
        attributes[CORRELATION_IDS_ATTRIBUTE] = record.correlation_ids
    if port is not None:
        attributes[server_attributes.SERVER_PORT] = port
    for phase, seconds in record.phase_seconds.items():
        attributes[PHASE_ATTRIBUTE_PREFIX + phase] = seconds
    return {name: value for name, value in attributes.items() if value != ""}


@lru_cache(maxsize=256)
def server_of(host: str, scheme: str) -> tuple[str, int | None]:
    """Address and port that a client connected to.

    Args:
        host: The ``Host`` header, or its replacement.
        scheme: ``http`` or ``https``, for the port when the host has none.

    Returns:
        The address without brackets, and the port; the host as it is and no port when it cannot be
        parsed.
    """
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname or "", parts.port or DEFAULT_PORTS.get(scheme)
    except ValueError:
        return host, None
