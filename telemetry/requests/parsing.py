"""From a WSGI environ to a ``RequestRecord``: the ids of a request and its client.

Headers are claims. ``X-Request-ID`` and the forwarding headers count only from trusted proxies, by
the rules of ``forwarded``; ``traceparent`` counts from anyone unless a setting narrows it, because
it names a trace but grants nothing. Every environ gives a record. Texts are redacted here, once, so
that no log line, span or page made of a record can leak a secret.
"""

import math
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from telemetry.config import TelemetryConfig
from telemetry.environ_keys import ARRIVAL_ENVIRON
from telemetry.names import KNOWN_METHODS, OTHER_METHOD
from telemetry.redaction import CACHED_TEXTS, Redactor
from telemetry.requests.arrival import REQUEST_START, ArrivalClock, request_start_ns
from telemetry.requests.correlation import CorrelationIds
from telemetry.requests.debug_headers import DebugHeaders
from telemetry.requests.forwarded import (
    CACHED_ORIGINS,
    MAX_CACHED_LENGTH,
    Origin,
    OriginReader,
    rewrite,
)
from telemetry.requests.ids import RequestIds, uuid_text
from telemetry.requests.plain_path import is_plain
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
        self._clock = ArrivalClock()
        self._oldest_start_ns = int(config.request_start_seconds * 1e9)
        self._ids = RequestIds()
        self._origins = OriginReader(config.trusted_proxies, config.forwarded_headers)
        self._traceparent_from_anyone = config.traceparent_from == "anyone"
        self._slow_after_seconds = config.slow_after_seconds if config.performance else math.inf
        self.redactor = Redactor(config.redact_names, keep_query_values=config.log_query_values)
        # The same for many requests: of the text as it came, so that it need not be decoded either.
        self._text = lru_cache(CACHED_TEXTS)(self._redacted)
        self._direct = lru_cache(CACHED_ORIGINS)(self._direct_origin)
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
        started_unix_ns, started_ns, phases = self._clock.begin(environ.get(ARRIVAL_ENVIRON))
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        direct = None
        scheme = environ.get("wsgi.url_scheme", "http")
        if len(host) <= MAX_CACHED_LENGTH:
            direct = self._direct(environ.get("REMOTE_ADDR"), scheme, host)
        origin = direct or self._rewritten(environ)
        given = _uuid4_or_none(environ.get("HTTP_X_REQUEST_ID", "")) if origin.trusted else None
        digits, request_id = (given, uuid_text(given)) if given else self._ids.next()
        method = label = environ["REQUEST_METHOD"]
        if method not in KNOWN_METHODS:
            method, label = self.redactor.text(method[:MAX_TEXT_LENGTH]), OTHER_METHOD
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING")
        # By position: arguments by name cost twice as much for so many fields.
        record = RequestRecord(
            request_id,
            digits,
            method,
            label,
            path if len(path) <= MAX_TEXT_LENGTH and is_plain(path) else self._redacted(path),
            self.redactor.query(_decoded(query)) if query else "",
            origin.scheme,
            origin.host,
            origin.client_address,
            self._text(environ.get("HTTP_USER_AGENT", "")[:MAX_TEXT_LENGTH]),
            started_unix_ns,
            started_ns,
            origin.peer_address,
            phases,
            [],
            self._slow_after_seconds,
        )
        if origin.trusted:
            self._read_claims(record, environ)
        if origin.trusted or self._traceparent_from_anyone:
            self._adopt(record, environ)
        return record

    def _read_claims(self, record: RequestRecord, environ: Mapping[str, Any]) -> None:
        """Read what only a trusted proxy may claim."""
        record.correlation_ids = self._correlation_ids.read(environ, record.request_id)
        record.debug_trace = self._debug_headers.read(environ)
        if self._oldest_start_ns:
            self._begin_at_proxy(record, environ.get(REQUEST_START, ""))

    def _begin_at_proxy(self, record: RequestRecord, header: str) -> None:
        """Begin a request when its proxy received it, where the header is plausible."""
        named_ns = request_start_ns(header)
        if named_ns is not None:
            earlier_ns = record.started_unix_ns - named_ns
            if 0 < earlier_ns <= self._oldest_start_ns:
                record.started_unix_ns -= earlier_ns
                record.started_ns -= earlier_ns
                phases = record.phase_seconds
                phases["queue"] = phases.get("queue", 0.0) + earlier_ns / 1e9

    def _direct_origin(self, remote_addr: str | None, scheme: str, host: str) -> Origin | None:
        origin = self._origins.direct(remote_addr, scheme, host)
        return self._shown(origin) if origin is not None else None

    def _rewritten(self, environ: dict[str, Any]) -> Origin:
        origin = self._origins.read(environ)
        rewrite(environ, origin)
        return self._shown(origin)

    def _shown(self, origin: Origin) -> Origin:
        """Return an origin whose host may be in a log line."""
        host = self.redactor.text(origin.host[:MAX_TEXT_LENGTH])
        return origin if host == origin.host else origin._replace(host=host)

    def _redacted(self, text: str) -> str:
        return self.redactor.text(_decoded(text))


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
