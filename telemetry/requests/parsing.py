"""From a WSGI environ to a ``RequestRecord``: the ids of a request and its client.

Headers are claims. ``X-Request-ID`` and the forwarding headers count only from trusted proxies, by
the rules of ``forwarded``; ``traceparent`` counts from anyone unless a setting narrows it, because
it names a trace but grants nothing. Every environ gives a record. Texts are redacted here, once, so
that no log line, span or page made of a record can leak a secret.
"""

import math
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from telemetry.config import TelemetryConfig
from telemetry.names import KNOWN_METHODS, OTHER_METHOD
from telemetry.redaction import Redactor
from telemetry.requests.correlation import CorrelationIds
from telemetry.requests.debug_headers import DebugHeaders
from telemetry.requests.forwarded import OriginReader, rewrite
from telemetry.requests.ids import RequestIds, uuid_text
from telemetry.requests.record import RequestRecord
from telemetry.requests.traceparent import adopt_traceparent

MAX_TEXT_LENGTH: Final = 1024
UUID_LENGTHS: Final = (32, 36)

Adopt = Callable[[RequestRecord, Mapping[str, Any]], None]


class RequestParser:
    """Makes the record of each request.

    Args:
        config: Trusted proxies, and the threshold of slow requests.
        adopt: Writes a caller's trace context onto the record.
    """

    def __init__(self, config: TelemetryConfig, adopt: Adopt = adopt_traceparent) -> None:
        self._adopt = adopt
        self._ids = RequestIds()
        self._origins = OriginReader(config.trusted_proxies, config.forwarded_headers)
        self._traceparent_from_anyone = config.traceparent_from == "anyone"
        self._slow_after_seconds = config.slow_after_seconds if config.performance else math.inf
        self.redactor = Redactor(config.redact_names, keep_query_values=config.log_query_values)
        self._correlation_ids = CorrelationIds(config.correlation_headers, self.redactor.text)
        self._debug_headers = DebugHeaders(config.debug_headers, config.propagators)

    def parse(self, environ: dict[str, Any]) -> RequestRecord:
        """Make the record of one request and decide its ids.

        Args:
            environ: As the WSGI server made it. Afterwards its address, scheme, host and prefix are
                those of the client's own request.

        Returns:
            A new record; not yet begun.

        Source: W3C Trace Context for ``traceparent``; RFC 9562 for UUID version 4.
        """
        started_unix_ns, started_ns = time.time_ns(), time.perf_counter_ns()
        origin = self._origins.read(environ)
        rewrite(environ, origin)
        digits = (
            _uuid4_or_none(environ.get("HTTP_X_REQUEST_ID", "")) if origin.trusted else None
        ) or self._ids.next()
        method, redact = environ["REQUEST_METHOD"], self.redactor.text
        query = environ.get("QUERY_STRING")
        # By position: arguments by name cost twice as much for so many fields.
        record = RequestRecord(
            uuid_text(digits),
            digits,
            method if method in KNOWN_METHODS else redact(method[:MAX_TEXT_LENGTH]),
            method if method in KNOWN_METHODS else OTHER_METHOD,
            redact(_decoded(environ.get("PATH_INFO", ""))),
            self.redactor.query(_decoded(query)) if query else "",
            origin.scheme,
            redact(origin.host[:MAX_TEXT_LENGTH]),
            origin.client_address,
            redact(_decoded(environ.get("HTTP_USER_AGENT", ""))),
            started_unix_ns,
            started_ns,
            origin.peer_address,
        )
        record.slow_after_seconds = self._slow_after_seconds
        if origin.trusted:
            record.correlation_ids = self._correlation_ids.read(environ, record.request_id)
            record.debug_trace = self._debug_headers.read(environ)
        if origin.trusted or self._traceparent_from_anyone:
            self._adopt(record, environ)
        return record


def _decoded(text: str) -> str:
    # PEP 3333: environ values are bytes decoded as latin-1.
    text = text[:MAX_TEXT_LENGTH]
    if text.isascii():
        return text
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _uuid4_or_none(text: str) -> str | None:
    if len(text) not in UUID_LENGTHS:
        return None
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed.hex if parsed.version == 4 else None
