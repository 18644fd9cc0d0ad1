"""Server spans of ``opentelemetry-instrumentation-flask``, for those who want exactly its spans.

The instrumentation makes and ends the span inside Flask; this only sees to it that the record's
decisions hold (which parent counts, which ids the record has) and that nothing of a request stays
behind. What it cannot do is listed in ``tests/telemetry/test_server_span_conformance.py``, each
with its reason.
"""

import os
from typing import Any, Final

from flask import Flask
from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.semconv.attributes.url_attributes import URL_PATH, URL_QUERY
from opentelemetry.semconv.attributes.user_agent_attributes import USER_AGENT_ORIGINAL
from opentelemetry.trace import Span

from telemetry.names import REQUEST_ID_ATTRIBUTE
from telemetry.requests.record import RequestRecord, current_record
from telemetry.tracing.pipeline import Tracing
from telemetry.tracing.server_spans import leave, note_span

SEMCONV_OPT_IN: Final = ("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
"""Variable and value that select the stable conventions. The upstream instrumentations have no other
way: they read ``os.environ`` once, when the first of the process is installed."""


class InstrumentationFlaskServerSpans:
    """Server spans made by the upstream instrumentation on our provider.

    Args:
        tracing: Its provider makes the spans.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._provider = tracing.provider
        self._queue = tracing.queue

    def install(self, app: Flask) -> None:
        """Instrument an app; before the request layer is put around it.

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
        """See ``ServerSpans``. The span begins later, inside Flask: here its parent is settled.

        The instrumentation reads ``traceparent`` from the environ, by its own rules and from
        anyone: it is shown the one that the record accepted, or none.
        """
        for key in ("HTTP_TRACEPARENT", "HTTP_TRACESTATE"):
            environ.pop(key, None)
        if record.parent_span_id:
            flags = (1 if record.parent_sampled else 0) | (2 if record.parent_random else 0)
            environ["HTTP_TRACEPARENT"] = (
                f"00-{record.trace_id}-{record.parent_span_id}-{flags:02x}"
            )
            if record.parent_trace_state:
                environ["HTTP_TRACESTATE"] = record.parent_trace_state
        otel_context.attach(Context())

    def _on_request(self, span: Span, environ: dict[str, Any]) -> None:
        record = current_record()
        if record is not None:
            note_span(record, span)
            record.server_span = span
            span.set_attribute(REQUEST_ID_ATTRIBUTE, record.request_id)

    def _before_end(self, _: BaseException | None) -> None:
        record = current_record()
        span = record.server_span if record is not None else None
        if record is not None and isinstance(span, Span):
            # Theirs are as the client sent them; the record's are redacted.
            told = {
                URL_PATH: record.path,
                URL_QUERY: record.query,
                USER_AGENT_ORIGINAL: record.user_agent,
            }
            span.set_attributes({name: text for name, text in told.items() if text})

    def close(self, record: RequestRecord) -> None:
        """See ``ServerSpans``. The span has ended with the app's return; what is left to say is
        whether it will be delivered.
        """
        span, record.server_span = record.server_span, None
        if not isinstance(span, Span):
            return
        leave(span, Context())
        if record.sampled and self._queue.was_refused(span.get_span_context().span_id):
            record.sampled = False
