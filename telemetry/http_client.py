"""Client spans of calls to other services.

A call is a client span under the request's span, adds to the ``external`` phase of its record, and
carries the request's ids in its headers. Nothing is patched: the caller passes the headers to its
client library. URLs are redacted.

Source: OpenTelemetry semantic conventions, "HTTP client span" (stable); W3C Trace Context.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import SplitResult, urlsplit

from opentelemetry import context as otel_context
from opentelemetry.semconv._incubating.attributes.url_attributes import URL_TEMPLATE
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.http_attributes import (
    HTTP_REQUEST_METHOD,
    HTTP_REQUEST_METHOD_ORIGINAL,
    HTTP_RESPONSE_STATUS_CODE,
)
from opentelemetry.semconv.attributes.server_attributes import SERVER_ADDRESS, SERVER_PORT
from opentelemetry.semconv.attributes.url_attributes import URL_FULL
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanKind,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.names import KNOWN_METHODS, OTHER_METHOD, REQUEST_ID_HEADER
from telemetry.redaction import Redactor
from telemetry.requests.record import Wait, current_record, waiting
from telemetry.tracing import Tracing
from telemetry.urls import DEFAULT_PORTS

Inject = Callable[[dict[str, str]], None]
"""Adds the current trace context to headers."""

inject_trace_context: Final[Inject] = TraceContextTextMapPropagator().inject


def headers(inject: Inject = inject_trace_context) -> dict[str, str]:
    """Return the headers of an outgoing call: ``X-Request-ID``, ``traceparent``, ``tracestate``.

    Args:
        inject: Adds the context of the current span; as ``traceparent`` unless given.

    Returns:
        A new dictionary; empty outside of a request and of any span.

    Source: W3C Trace Context, sections 3.2 and 3.3.
    """
    record = current_record()
    found = {} if record is None else {REQUEST_ID_HEADER: record.request_id}
    inject(found)
    return found


class HttpCall:
    """One HTTP call.

    Args:
        headers: To send with it.
        span: Its client span.
    """

    __slots__ = ("_span", "headers")

    def __init__(self, headers: Mapping[str, str], span: Span) -> None:
        self.headers = dict(headers)
        self._span = span

    def answered(self, status: int) -> None:
        """Record the status code of the response; from 400 on the span is an error.

        Source: OpenTelemetry semantic conventions, "HTTP client span", status.
        """
        self._span.set_attribute(HTTP_RESPONSE_STATUS_CODE, status)
        if status >= 400:
            self._span.set_attribute(ERROR_TYPE, str(status))
            self._span.set_status(StatusCode.ERROR)


class CallSubject:
    """What a call waits for, as text when someone reads it: its span's name and the host.

    Args:
        name: Of the span; an HTTP call's is its method and template.
        attributes: Of the span.
    """

    __slots__ = ("_attributes", "_name")

    def __init__(self, name: str, attributes: Mapping[str, AttributeValue]) -> None:
        self._name = name
        self._attributes = attributes

    def __str__(self) -> str:
        host = self._attributes.get(SERVER_ADDRESS)
        return f"{self._name} at {host}" if host else self._name


class ClientSpans:
    """Client spans of one worker, each part of the request that makes the call.

    Args:
        config: Decides whether ids are passed on, and what is redacted.
        tracing: Makes the spans.
        guard: Stands around everything but the call itself.
        inject: Adds the context of the current span to the headers of a call.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        tracing: Tracing,
        guard: Guard,
        inject: Inject = inject_trace_context,
    ) -> None:
        self._inject = inject
        self._passes_ids = config.request_id
        self._redactor = Redactor(config.redact_names, keep_query_values=config.log_query_values)
        self._tracer = tracing.tracer
        self._guard = guard.at("outgoing")

    def headers(self) -> dict[str, str]:
        """Return ``headers()`` of this module; empty when the setting keeps ids inside."""
        found: dict[str, str] = {}
        if self._passes_ids:
            with self._guard:
                found = headers(self._inject)
        return found

    @contextmanager
    def http(self, method: str, url: str, *, template: str = "") -> Iterator[HttpCall]:
        """Make a block the client span of one HTTP call, from its connection to its response.

        Args:
            method: As sent.
            url: Whole; its credentials and the values of its query are redacted.
            template: Path with placeholders, such as ``/v1/payments/{id}``, for the span's name;
                without one the name is the method alone.

        Yields:
            The call: send its ``headers``, pass the response's status to ``answered``.
        """
        attributes: dict[str, AttributeValue] = {}
        with self._guard:
            attributes = self._attributes(method, url, template)
        name = str(attributes.get(HTTP_REQUEST_METHOD, method)).replace(OTHER_METHOD, "HTTP")
        with self.client_span(f"{name} {template}".rstrip(), attributes) as span:
            yield HttpCall(self.headers(), span)

    @contextmanager
    def client_span(self, name: str, attributes: Mapping[str, AttributeValue]) -> Iterator[Span]:
        """Make a block the client span of a call by any protocol.

        The span is current in the block, and its time is the request's ``external`` phase.

        Args:
            name: Of the span; from a bounded set.
            attributes: Of the span, by the conventions of the protocol; not redacted.

        Yields:
            The span, for attributes that are known later.
        """
        span: Span = INVALID_SPAN
        before, began_unix_ns, wait = otel_context.get_current(), time.time_ns(), Wait(0)
        try:
            with waiting("external", CallSubject(name, attributes)) as wait:
                with self._guard:
                    span = self._tracer.start_span(
                        name, kind=SpanKind.CLIENT, attributes=attributes, start_time=began_unix_ns
                    )
                    otel_context.attach(set_span_in_context(span, before))
                yield span
        except BaseException as error:
            span.set_attribute(ERROR_TYPE, type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            with self._guard:
                # A stream may be closed in another greenlet, where the span is not current.
                if get_current_span() is span:
                    otel_context.attach(before)
                span.end(began_unix_ns + wait.took_ns)

    def _attributes(self, method: str, url: str, template: str) -> dict[str, AttributeValue]:
        parts = urlsplit(url)
        known = method in KNOWN_METHODS
        attributes: dict[str, AttributeValue] = {
            HTTP_REQUEST_METHOD: method if known else OTHER_METHOD,
            SERVER_ADDRESS: parts.hostname or "",
            SERVER_PORT: parts.port or DEFAULT_PORTS.get(parts.scheme, 0),
            URL_FULL: self._redacted_url(parts),
        }
        if not known:
            attributes[HTTP_REQUEST_METHOD_ORIGINAL] = self._redactor.text(method)
        if template:
            attributes[URL_TEMPLATE] = template
        return attributes

    def _redacted_url(self, parts: SplitResult) -> str:
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(
            netloc=host,
            path=self._redactor.text(parts.path),
            query=self._redactor.query(parts.query),
            fragment="",
        ).geturl()
