"""From a WSGI environ to a ``RequestRecord``: the ids of a request and its client.

Headers are claims. ``X-Request-ID`` and ``X-Forwarded-For`` count only from trusted proxies;
``traceparent`` counts from anyone unless a setting narrows it, because it names a trace but grants
nothing. Every environ gives a record. Texts are redacted here, once, so that no log line, span or
page made of a record can leak a secret.
"""

import ipaddress
import math
import time
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from telemetry.config import Networks, TelemetryConfig
from telemetry.names import KNOWN_METHODS, OTHER_METHOD
from telemetry.redaction import Redactor
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
        self._trusted = config.trusted_proxies
        self._traceparent_from_anyone = config.traceparent_from == "anyone"
        self._slow_after_seconds = config.slow_after_seconds if config.performance else math.inf
        self.redactor = Redactor(config.redact_names, keep_query_values=config.log_query_values)

    def parse(self, environ: dict[str, Any]) -> RequestRecord:
        """Make the record of one request and decide its ids.

        Args:
            environ: As the WSGI server made it.

        Returns:
            A new record; not yet begun.

        Source: W3C Trace Context for ``traceparent``; RFC 9562 for UUID version 4.
        """
        started_unix_ns, started_ns = time.time_ns(), time.perf_counter_ns()
        peer = environ.get("REMOTE_ADDR", "")
        trusted = bool(self._trusted) and is_in(peer, self._trusted)
        request_id = (
            _uuid4_or_none(environ.get("HTTP_X_REQUEST_ID", "")) if trusted else None
        ) or uuid.uuid4()
        method, redact = environ["REQUEST_METHOD"], self.redactor.text
        record = RequestRecord(
            request_id=str(request_id),
            trace_id=request_id.hex,
            method=method if method in KNOWN_METHODS else redact(method[:MAX_TEXT_LENGTH]),
            method_label=method if method in KNOWN_METHODS else OTHER_METHOD,
            path=redact(_decoded(environ.get("PATH_INFO", ""))),
            query=self.redactor.query(_decoded(environ.get("QUERY_STRING", ""))),
            scheme=environ.get("wsgi.url_scheme", "http"),
            host=redact(
                (environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""))[:MAX_TEXT_LENGTH]
            ),
            client_address=self._client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
            if trusted
            else peer,
            user_agent=redact(_decoded(environ.get("HTTP_USER_AGENT", ""))),
            started_unix_ns=started_unix_ns,
            started_ns=started_ns,
            slow_after_seconds=self._slow_after_seconds,
        )
        if trusted or self._traceparent_from_anyone:
            self._adopt(record, environ)
        return record

    def _client(self, peer: str, forwarded_for: str) -> str:
        """Return the nearest address that is not a trusted proxy, read from the right."""
        nearest = peer
        for part in reversed(forwarded_for.split(",")):
            address = part.strip()
            if not _parsed(address):
                break
            nearest = address
            if not is_in(address, self._trusted):
                break
        return nearest


def _decoded(text: str) -> str:
    # PEP 3333: environ values are bytes decoded as latin-1.
    return text[:MAX_TEXT_LENGTH].encode("latin-1", "replace").decode("utf-8", "replace")


def _uuid4_or_none(text: str) -> uuid.UUID | None:
    if len(text) not in UUID_LENGTHS:
        return None
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if parsed.version == 4 else None


@lru_cache(maxsize=1024)
def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def is_in(address: str, networks: Networks) -> bool:
    """Return whether an address belongs to one of the networks; ``False`` for an invalid one."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)
