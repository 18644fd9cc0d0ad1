"""Server spans of ``opentelemetry-instrumentation-flask``, where exactly its spans are needed.

The instrumentation makes and ends the span inside Flask. This adapter makes it follow the record's
decisions (which parent counts, which ids the record has) and removes the span's context after the
request. What it cannot do is listed in ``tests/telemetry/test_server_span_conformance.py``, each
item with its reason.
"""

import os
from typing import Any, Final

from flask import Flask
from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.propagate import get_global_textmap
from opentelemetry.semconv.attributes.network_attributes import NETWORK_PEER_ADDRESS
from opentelemetry.semconv.attributes.url_attributes import URL_PATH, URL_QUERY
from opentelemetry.semconv.attributes.user_agent_attributes import USER_AGENT_ORIGINAL
from opentelemetry.trace import Span

from telemetry.environ_keys import RECORD_ENVIRON
from telemetry.requests.record import RequestRecord, current_record
from telemetry.span_names import CORRELATION_IDS_ATTRIBUTE, REQUEST_ID_ATTRIBUTE
from telemetry.tracing.attributes import is_error
from telemetry.tracing.open_request import OpenRequest
from telemetry.tracing.pipeline import Tracing
from telemetry.tracing.server_spans import begin_trace, end_trace, remote_parent, restore

SEMCONV_OPT_IN: Final = ("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
"""Variable and value that select the stable conventions. The upstream instrumentations have no
other way: they read ``os.environ`` once, when the first of the process is installed."""

TRACE_HEADERS: Final = frozenset(
    {
        "traceparent",
        "tracestate",
        "baggage",
        "b3",
        "x-b3-traceid",
        "x-b3-spanid",
        "x-b3-sampled",
        "x-b3-flags",
    }
)
"""Headers that an installed propagator may read, whichever the process has."""


class InstrumentationFlaskServerSpans:
    """Server spans made by the upstream instrumentation on our provider.

    Args:
        tracing: Its provider makes the spans.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._provider = tracing.provider

    def install(self, app: Flask) -> None:
        """See ``ServerSpans``.

        Sets the variable of ``SEMCONV_OPT_IN`` in ``os.environ`` where it is not set.
        """
        os.environ.setdefault(*SEMCONV_OPT_IN)
        FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]
            app,
            request_hook=self._on_request,
            tracer_provider=self._provider,
            meter_provider=NoOpMeterProvider(),
            excluded_urls="",
            enable_commenter=False,
        )
        # Teardown functions run last added first: this one still finds the span open, whatever
        # happened to the request.
        app.teardown_request(self._before_end)

    def open(self, record: RequestRecord, environ: dict[str, Any]) -> None:
        """See ``ServerSpans``. The span begins later, inside Flask: here its parent is decided.

        The instrumentation reads the caller's context from the environ by the process's global
        propagator, from any caller: the environ gets the context that the record accepted, or none.
        """
        propagator = get_global_textmap()
        carrier: dict[str, str] = {}
        propagator.inject(carrier, remote_parent(record))
        for name in TRACE_HEADERS | propagator.fields | carrier.keys():
            key = f"HTTP_{name.upper().replace('-', '_')}"
            environ.pop(key, None)
            if name in carrier:
                environ[key] = carrier[name]
        otel_context.attach(Context())
        if self._tracing.records:
            trace, nested = begin_trace(record, self._tracing.outlet)
            record.server_span = OpenRequest(trace, None, Context(), nested=nested)

    def _on_request(self, span: Span, environ: dict[str, Any]) -> None:
        record = environ.get(RECORD_ENVIRON)
        opened = record.server_span if isinstance(record, RequestRecord) else None
        if record is not None and isinstance(opened, OpenRequest):
            # Else a view has pushed a request context, or no spans are made.
            opened.span = span
            record.span_id = f"{span.get_span_context().span_id:016x}"
            record.sampled = opened.trace.head.kept and self._tracing.exports
            span.set_attributes(
                {
                    REQUEST_ID_ATTRIBUTE: record.request_id,
                    NETWORK_PEER_ADDRESS: record.peer_address,
                    **(
                        {CORRELATION_IDS_ATTRIBUTE: record.correlation_ids}
                        if record.correlation_ids
                        else {}
                    ),
                }
            )

    def _before_end(self, _: BaseException | None) -> None:
        record = current_record()
        opened = record.server_span if record is not None else None
        span = opened.span if isinstance(opened, OpenRequest) else None
        if record is not None and span is not None:
            # The instrumentation's are as the client sent them; the record's are redacted.
            redacted = {
                URL_PATH: record.path,
                URL_QUERY: record.query,
                USER_AGENT_ORIGINAL: record.user_agent,
            }
            span.set_attributes({name: text for name, text in redacted.items() if text})
            for event in record.events:
                span.add_event(event.name, event.attributes, event.unix_ns)

    def close(self, record: RequestRecord) -> None:
        """See ``ServerSpans``.

        The span has ended with the app's return; the trace is decided here, with the whole record.
        """
        opened, record.server_span = record.server_span, None
        if not isinstance(opened, OpenRequest):
            return
        if opened.span is not None:
            restore(opened.span, Context())
        record.sampled = opened.trace.head.records and end_trace(
            record, opened, None, failed=is_error(record)
        )
