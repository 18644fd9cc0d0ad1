"""Trace context in and out of a process, in the formats that ``OTEL_PROPAGATORS`` names.

W3C Trace Context, the default, is read by our own strict parser and needs no library. For the other
formats OpenTelemetry's propagators are used. Whether a caller's headers count at all is decided
before this: here they are only read and written.

Source: OpenTelemetry specification, "Propagators API".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from telemetry import extras
from telemetry.requests.parsing import MAX_TEXT_LENGTH, Adopt
from telemetry.requests.record import RequestRecord
from telemetry.requests.traceparent import adopt_traceparent

BAGGAGE_ENVIRON: Final = "HTTP_BAGGAGE"
MAX_BAGGAGE_LENGTH: Final = 8192
"""Characters of ``baggage`` that are passed on: W3C Baggage, section 3.3.2, asks for so many."""

_BAGGAGE: Final = W3CBaggagePropagator()


class Format(Protocol):
    """One way to write a trace context into headers."""

    def adopt(self, record: RequestRecord, environ: Mapping[str, Any]) -> None:
        """Write a caller's valid context onto the record; does nothing without one."""

    def inject(self, headers: dict[str, str]) -> None:
        """Add the current context to the headers of an outgoing call."""


class TraceContextFormat:
    """``traceparent`` and ``tracestate``."""

    def __init__(self) -> None:
        self._propagator = TraceContextTextMapPropagator()
        self.adopt: Adopt = adopt_traceparent

    def inject(self, headers: dict[str, str]) -> None:
        """Add both headers; none without a current span."""
        self._propagator.inject(headers)


class BaggageFormat:
    """``baggage``: it travels with a trace and names none."""

    def adopt(self, record: RequestRecord, environ: Mapping[str, Any]) -> None:
        """Keep the header's text."""
        record.parent_baggage = environ.get(BAGGAGE_ENVIRON, "")[:MAX_BAGGAGE_LENGTH]

    def inject(self, headers: dict[str, str]) -> None:
        """Add the header; none when the current context has no baggage."""
        _BAGGAGE.inject(headers)


class B3Format:
    """``b3``, or the ``X-B3-*`` headers; both are read, one of them is written.

    Args:
        propagator: Of ``opentelemetry-propagator-b3``.
    """

    _HEADERS: Final = ("b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags")

    def __init__(self, propagator: TextMapPropagator) -> None:
        self._propagator = propagator
        self._environ = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in self._HEADERS}

    def adopt(self, record: RequestRecord, environ: Mapping[str, Any]) -> None:
        """Take the caller's trace, span and sampled flag."""
        carrier = {
            name: environ[key][:MAX_TEXT_LENGTH]
            for name, key in self._environ.items()
            if key in environ
        }
        if not carrier:
            return
        parent = get_current_span(self._propagator.extract(carrier, Context())).get_span_context()
        if parent.is_valid:
            record.trace_id = f"{parent.trace_id:032x}"
            record.parent_span_id = f"{parent.span_id:016x}"
            record.parent_sampled = parent.trace_flags.sampled
            record.parent_random = False
            record.parent_trace_state = ""

    def inject(self, headers: dict[str, str]) -> None:
        """Add the headers; none without a current span."""
        self._propagator.inject(headers)


class Propagation:
    """The formats of one process, in the order of the setting.

    Args:
        names: Of ``tracecontext``, ``baggage``, ``b3`` and ``b3multi``.

    Raises:
        MissingExtraError: B3 is among them and its library is not installed.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._formats = [_format(name) for name in names]
        # The usual case costs one call less for each request.
        self.adopt: Adopt = (
            self._formats[0].adopt if len(self._formats) == 1 else self._adopt_from_each
        )

    def _adopt_from_each(self, record: RequestRecord, environ: Mapping[str, Any]) -> None:
        for one in self._formats:
            one.adopt(record, environ)

    def inject(self, headers: dict[str, str]) -> None:
        """Add the current context to the headers of an outgoing call, in every format."""
        for one in self._formats:
            one.inject(headers)


def baggage_context(text: str) -> Context:
    """A context with a caller's baggage and nothing else; empty when it cannot be read.

    Args:
        text: Value of the header ``baggage``.
    """
    return _BAGGAGE.extract({"baggage": text}, Context()) if text else Context()


def _format(name: str) -> Format:
    if name == "tracecontext":
        return TraceContextFormat()
    if name == "baggage":
        return BaggageFormat()
    library = extras.load(
        "opentelemetry.propagators.b3", "b3", f"OTEL_PROPAGATORS={name!r}: this format"
    )
    return B3Format(library.B3SingleFormat() if name == "b3" else library.B3MultiFormat())
