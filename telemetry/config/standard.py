"""Reads OpenTelemetry's own variables out of an environment.

A value that cannot be read is reported and ignored, as the specification asks; where ignoring it
would send spans to the wrong place or without their credentials, it is a problem that stops the
start. What is set and not supported is reported as well: nothing is ignored silently.

Source: OpenTelemetry specification, "Environment Variable Specification".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from telemetry.config import foreign
from telemetry.config.settings import quoted
from telemetry.config.tracing import RATIO_SAMPLERS, TracingSettings
from telemetry.config.variables import VARIABLES, Variable

NAMES: Final = frozenset(variable.name for variable in VARIABLES)

SUPPORTED_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "OTEL_EXPORTER_OTLP_PROTOCOL": ("http/protobuf",),
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/protobuf",),
    "OTEL_METRICS_EXPORTER": ("prometheus",),
    "OTEL_METRICS_EXEMPLAR_FILTER": ("trace_based",),
    "OTEL_LOGS_EXPORTER": ("console", "none"),
}
"""Variables that have no setting here, with the values that describe what happens anyway."""

READ_BY_LIBRARIES: Final = (
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    "OTEL_PYTHON_",
    "OTEL_INSTRUMENTATION_",
)
"""Starts of names that instrumentations and OpenTelemetry's own packages read."""


@dataclass(slots=True)
class StandardValues:
    """What the variables set.

    Args:
        settings: Values by field name of ``TelemetryConfig``.
        sources: Names of the variables that they are from.
        notices: One line a value that is ignored.
        problems: One line a value that stops the start.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(given: Mapping[str, str]) -> StandardValues:
    """Read every standard variable that is set.

    Args:
        given: Variables by name, the empty ones left out.
    """
    found = StandardValues()
    for variable in VARIABLES:
        if variable.name in given:
            _read_one(variable, given[variable.name], found)
    _check_together(found)
    found.notices += foreign.notices(given, _traces_url(found))
    unsupported = _unsupported(given)
    if unsupported:
        found.notices.append(f"set, but not supported: {', '.join(unsupported)}")
    return found


def _read_one(variable: Variable, text: str, found: StandardValues) -> None:
    try:
        value = variable.parse(text)
    except ValueError as error:
        shown = variable.name if variable.secret else quoted(variable.name, text)
        if variable.on_error == "stop":
            found.problems.append(f"{shown}: {error}")
        elif f"{shown}: {error}; ignored" not in found.notices:
            found.notices.append(f"{shown}: {error}; ignored")
        return
    if variable.setting not in found.settings:
        found.settings[variable.setting] = value
        found.sources[variable.setting] = variable.name


def _check_together(found: StandardValues) -> None:
    """Report values that others leave without effect."""
    settings, sources = found.settings, found.sources
    sampler = settings.get("sampler", RATIO_SAMPLERS[0])
    if sampler not in RATIO_SAMPLERS and settings.pop("sample_ratio", None) is not None:
        found.notices.append(f"{sources.pop('sample_ratio')}: {sampler} takes no argument; ignored")
    if settings.get("batch_spans", 0) > settings.get("queue_spans", settings.get("batch_spans", 0)):
        found.notices.append(
            f"{sources.pop('batch_spans')}={settings.pop('batch_spans')}: should be at most "
            f"{sources['queue_spans']}={settings['queue_spans']}; ignored"
        )
    if urlsplit(_traces_url(found)).scheme == "http":
        unused = [
            sources[name]
            for name in ("otlp_certificate", "otlp_client_key", "otlp_client_certificate")
            if name in sources
        ]
        if unused:
            found.notices.append(
                f"without effect, for the receiver is http://: {', '.join(unused)}"
            )


def _traces_url(found: StandardValues) -> str:
    return TracingSettings.model_construct(**found.settings).traces_url


def _unsupported(given: Mapping[str, str]) -> list[str]:
    """Names that start as OpenTelemetry's do and have no effect.

    Where another value would be supported, the name comes with its value.
    """
    found = []
    for name, value in sorted(given.items()):
        if not name.startswith("OTEL_") or name in NAMES or name.startswith(READ_BY_LIBRARIES):
            continue
        if name not in SUPPORTED_AS:
            found.append(name)
        elif value.strip().lower() not in SUPPORTED_AS[name]:
            found.append(f"{name}={value} ({' or '.join(SUPPORTED_AS[name])} is)")
    return found
