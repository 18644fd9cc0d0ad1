"""Everything that makes, samples and exports the spans of one worker.

The provider is never made global: what creates spans is handed it. Building this starts nothing and
reads nothing but its arguments, so it survives a fork (with the slot of where it was built);
``start`` must come after it.
"""

import time
from collections.abc import Callable
from typing import Final

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import SpanLimits
from opentelemetry.semconv.schemas import Schemas

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.tracing.encoding import SpanEncoder
from telemetry.tracing.exporter import SpanExporter
from telemetry.tracing.ids import RequestIdGenerator
from telemetry.tracing.otlp_http import OtlpHttpSender
from telemetry.tracing.provider import ForkSafeTracerProvider
from telemetry.tracing.resource import resource_of
from telemetry.tracing.sampling import RatioSampler
from telemetry.tracing.span_queue import SpanQueue

SHUTDOWN_SECONDS: Final = 2.0

# The specification's counts, and a bound on text (it has none): a stack trace fits, a request body
# that someone pasted does not. All are given because the SDK reads the environment for each that is
# not.
LIMITS: Final = SpanLimits(
    max_attributes=128,
    max_events=128,
    max_links=128,
    max_span_attributes=128,
    max_event_attributes=128,
    max_link_attributes=128,
    max_attribute_length=8192,
    max_span_attribute_length=8192,
)


class Tracing:
    """The tracer provider of one worker and the way out for its spans.

    Args:
        config: Who this is, what is kept, where it goes.
        metrics: Counts decisions, drops and exports.
        guard: Stands around everything that runs inside the host's code or on its own.
        clock: Monotonic seconds, for the sampling budget.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        metrics: Metrics,
        guard: Guard,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # A batch must fit while another one is under way, or a small queue would refuse spans
        # before any is worth sending.
        batch_spans = max(1, min(config.batch_spans, config.queue_spans // 2))
        self.queue = SpanQueue(config.queue_spans, batch_spans, metrics, guard)
        self._exporter = SpanExporter(
            self.queue,
            SpanEncoder(guard),
            OtlpHttpSender(config.otlp_endpoint, config.export_timeout_seconds),
            batch_spans=batch_spans,
            interval_seconds=config.export_interval_seconds,
            metrics=metrics,
            guard=guard,
        )
        self.provider = ForkSafeTracerProvider(
            sampler=RatioSampler(config, metrics.counter(names.SPANS), clock),
            resource=resource_of(config),
            shutdown_on_exit=False,
            id_generator=RequestIdGenerator(),
            span_limits=LIMITS,
            meter_provider=NoOpMeterProvider(),
        )
        self.provider.add_span_processor(self.queue)
        self.tracer = self.provider.get_tracer(
            "telemetry", config.service_version, Schemas.V1_44_0.value
        )

    def start(self) -> None:
        """Start exporting; after the fork, in the thread whose hub serves. Spans that ended before
        are exported too.
        """
        self._exporter.start()

    def flush(self, timeout_seconds: float) -> bool:
        """Deliver what has ended until now.

        Args:
            timeout_seconds: Longest this may take, whatever the Collector does.

        Returns:
            Whether all of it was settled: delivered, or dropped and counted.
        """
        return self._exporter.flush(timeout_seconds)

    def shutdown(self, timeout_seconds: float = SHUTDOWN_SECONDS) -> bool:
        """Deliver what is left and stop; a span that ends later is refused and counted.

        Args:
            timeout_seconds: Longest to try.

        Returns:
            Whether nothing was left undelivered.
        """
        return self._exporter.shutdown(timeout_seconds)
