"""Chooses what makes the server spans."""

from telemetry import extras
from telemetry.config import TelemetryConfig
from telemetry.tracing.pipeline import Tracing
from telemetry.tracing.server_spans import ServerSpans, WsgiServerSpans


def server_spans(config: TelemetryConfig, tracing: Tracing) -> ServerSpans:
    """The source of server spans that the settings name.

    Args:
        config: Names it.
        tracing: Makes the spans.

    Raises:
        MissingExtraError: The instrumentation of Flask is chosen and not installed.
    """
    if config.server_spans == "wsgi":
        return WsgiServerSpans(tracing)
    adapter = extras.load(
        "telemetry.tracing.instrumented_flask",
        "flask-instrumentation",
        f"TELEMETRY_SERVER_SPANS={config.server_spans!r}: this source",
    )
    spans: ServerSpans = adapter.InstrumentationFlaskServerSpans(tracing)
    return spans
