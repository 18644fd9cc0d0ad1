"""The tracer provider of one worker; it makes tracers, and has nothing to do at a fork.

Source: OpenTelemetry specification, "Tracing API", ``TracerProvider``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.trace import Tracer as ApiTracer
from opentelemetry.trace import TracerProvider as ApiTracerProvider

from telemetry import extras
from telemetry.tracing.outlet import Outlet
from telemetry.tracing.resource import ProcessResource
from telemetry.tracing.scope import Scope
from telemetry.tracing.tracer import Tracer

Flush = Callable[[float], bool]
"""Delivers what has ended until now, within some seconds."""


class TracerProvider(ApiTracerProvider):
    """See ``opentelemetry.trace.TracerProvider``.

    Args:
        outlet: Where the spans go.
        flush: Delivers what waits there.
    """

    def __init__(self, outlet: Outlet, flush: Flush) -> None:
        self._outlet = outlet
        self._flush = flush
        self._tracers: dict[object, Tracer] = {}
        self._processors: Any = None

    @property
    def resource(self) -> ProcessResource:
        """Of the process."""
        return self._outlet.resource

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> ApiTracer:
        """Return the tracer of a library; the same one for the same arguments."""
        name = instrumenting_module_name or ""
        version, schema = instrumenting_library_version or "", schema_url or ""
        values = self._outlet.values
        if not name:
            values.warn("get_tracer() was called without a name")
        kept, _ = values.kept(attributes, values.limits.attributes)
        key = (name, version, schema, repr(kept) if kept else "")
        tracer = self._tracers.get(key)
        if tracer is None:
            made = Tracer(self._outlet, Scope(name, version, schema, kept))
            tracer = self._tracers.setdefault(key, made)
        return tracer

    def add_span_processor(self, span_processor: Any) -> None:
        """Hand each span that is kept to a processor of OpenTelemetry's SDK.

        It gets ``on_start`` when a span begins that may be kept, and ``on_end`` when its trace is
        decided. Building what it reads costs more than all else that a span costs.

        Args:
            span_processor: An ``opentelemetry.sdk.trace.SpanProcessor``.

        Raises:
            MissingExtraError: The SDK is not installed.
        """
        if self._processors is None:
            module = extras.load("telemetry.tracing.sdk_processors", "sdk", "add_span_processor()")
            self._processors = module.SdkProcessors(self._outlet.resource)
            self._outlet.observer = self._processors
        self._processors.add(span_processor)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Deliver what has ended until now, and flush the processors.

        Args:
            timeout_millis: Longest time for the delivery, and for each processor.

        Returns:
            Whether all of it was settled.
        """
        flushed = self._flush(timeout_millis / 1000)
        if self._processors is not None:
            flushed = self._processors.force_flush(timeout_millis) and flushed
        return flushed

    def shutdown(self) -> None:
        """Shut the processors down; the export of the layer ends with the layer."""
        if self._processors is not None:
            self._processors.shutdown()
