"""Everything that makes, samples and exports the spans of one worker.

The provider is never made global: each part that creates spans gets it as an argument. Building
this starts nothing and reads nothing but its arguments and the files that they name, so it survives
a fork (with the slot of where it was built); ``start`` must come after the fork.
"""

import time
from collections.abc import Callable
from typing import Final

from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import NoOpTracerProvider
from opentelemetry.trace import TracerProvider as ApiTracerProvider

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.tracing.batch import BatchEncoder
from telemetry.tracing.export_state import ExportState
from telemetry.tracing.exporter import SpanExporter
from telemetry.tracing.keeping import OVER_BUDGET_REASONS, Keeper
from telemetry.tracing.otlp_http import OtlpHttpSender, Receiver
from telemetry.tracing.outlet import Outlet
from telemetry.tracing.provider import TracerProvider
from telemetry.tracing.resource import resource_of
from telemetry.tracing.span_queue import SpanQueue
from telemetry.tracing.tls import TlsFiles
from telemetry.tracing.values import SpanLimits, Values

SHUTDOWN_SECONDS: Final = 2.0


class Tracing:
    """The tracer provider of one worker and the export of its spans.

    Args:
        config: Names the process, the sampler and the receiver.
        metrics: Counts decisions, drops and exports.
        guard: Stands around everything that runs inside the host's code or in the background.
        clock: Monotonic seconds, for the sampling budget.

    Raises:
        SettingError: A file for TLS cannot be used; the text is one line.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        metrics: Metrics,
        guard: Guard,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # A batch must fit while another one is being sent, or a small queue would refuse spans
        # before there are enough to send.
        batch_spans = max(1, min(config.batch_spans, config.queue_spans // 2))
        self.queue = SpanQueue(config.queue_spans, batch_spans, metrics, guard)
        self.export_state = ExportState(config, metrics)
        resource = resource_of(config)
        over_budget = metrics.counter(names.SPANS_OVER_BUDGET)
        # All of them exist from the start: a first loss is an increase.
        left_out = {reason: over_budget.labels(reason).inc for reason in OVER_BUDGET_REASONS}
        self._exporter = SpanExporter(
            self.queue,
            BatchEncoder(resource, guard, compression=config.compression),
            OtlpHttpSender(receiver_of(config)),
            batch_spans=batch_spans,
            interval_seconds=config.export_interval_seconds,
            batch_timeout_seconds=config.batch_timeout_seconds,
            metrics=metrics,
            guard=guard,
            on_attempt=self.export_state.record,
        )
        self.exports = not config.sdk_disabled and config.traces_exporter == "otlp"
        self.outlet = Outlet(
            Keeper(config, lambda reason, spans: left_out[reason](spans), clock),
            Values(limits_of(config)),
            resource,
            self.queue if self.exports else None,
            metrics.counter(names.SPANS),
            guard,
            undecided_bytes=config.undecided_bytes,
        )
        self.records = not config.sdk_disabled
        self.provider: ApiTracerProvider = (
            TracerProvider(self.outlet, self.flush) if self.records else NoOpTracerProvider()
        )
        self.tracer = self.provider.get_tracer(
            "telemetry", config.service_version, Schemas.V1_43_0.value
        )

    def start(self) -> None:
        """Start exporting; after the fork, in the thread whose hub serves.

        Spans that ended before are exported too.
        """
        if self.exports:
            self._exporter.start()

    def flush(self, timeout_seconds: float) -> bool:
        """Deliver what has ended until now.

        Args:
            timeout_seconds: Longest this may take, whatever the receiver does.

        Returns:
            Whether all of it was settled: delivered, or dropped and counted.
        """
        return self._exporter.flush(timeout_seconds)

    def shutdown(self, timeout_seconds: float = SHUTDOWN_SECONDS) -> bool:
        """Deliver what is left and stop; a span that ends later is refused and counted.

        Args:
            timeout_seconds: Longest time for the delivery.

        Returns:
            Whether nothing was left undelivered.
        """
        return self._exporter.shutdown(timeout_seconds)


def receiver_of(config: TelemetryConfig) -> Receiver:
    """Where a worker's spans go."""
    return Receiver(
        config.traces_url,
        config.export_timeout_seconds,
        config.otlp_headers,
        config.compression,
        TlsFiles(config.otlp_certificate, config.otlp_client_certificate, config.otlp_client_key),
    )


def limits_of(config: TelemetryConfig) -> SpanLimits:
    """How large a worker's spans may be."""
    return SpanLimits(
        attributes=config.span_attributes,
        events=config.span_events,
        links=config.span_links,
        event_attributes=config.event_attributes,
        link_attributes=config.link_attributes,
        value_length=config.span_attribute_length,
    )
