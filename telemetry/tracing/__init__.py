"""Spans of one worker: ids, sampling, server spans and their export."""

from telemetry.requests.traceparent import Traceparent, parse_traceparent
from telemetry.tracing.pipeline import Tracing
from telemetry.tracing.server_spans import ServerSpans, WsgiServerSpans
from telemetry.tracing.sources import server_spans

__all__ = [
    "ServerSpans",
    "Traceparent",
    "Tracing",
    "WsgiServerSpans",
    "parse_traceparent",
    "server_spans",
]
