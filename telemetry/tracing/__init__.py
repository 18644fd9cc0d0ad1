"""Spans of one worker: ids, sampling, server spans and their export."""

from telemetry.requests.traceparent import Traceparent, parse_traceparent
from telemetry.tracing.instrumented_flask import InstrumentationFlaskServerSpans
from telemetry.tracing.pipeline import Tracing
from telemetry.tracing.server_spans import ServerSpans, WsgiServerSpans

__all__ = [
    "InstrumentationFlaskServerSpans",
    "ServerSpans",
    "Traceparent",
    "Tracing",
    "WsgiServerSpans",
    "parse_traceparent",
]
