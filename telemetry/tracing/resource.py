"""The resource of a process: the attributes that all its spans share.

Made from the settings and the process alone; no detector runs and no environment is read.

Source: OpenTelemetry semantic conventions, resource attributes; OpenTelemetry specification,
"Resource SDK".
"""

import os
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.semconv._incubating.attributes import host_attributes, process_attributes
from opentelemetry.semconv.attributes import (
    deployment_attributes,
    service_attributes,
    telemetry_attributes,
)

from telemetry.config import TelemetryConfig
from telemetry.tracing.wire import field, pairs

SDK_NAME: Final = "serene-telemetry"
"""Not ``opentelemetry``: the conventions keep that name for OpenTelemetry's own SDKs."""

SDK_VERSION: Final = "0.1.0"
"""Of the distribution."""


class ProcessResource:
    """What describes this process; a forked child has its own process id.

    Args:
        attributes: Without the process id.
    """

    schema_url: Final = ""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._given = dict(attributes)
        self._pid = 0
        self._attributes: dict[str, Any] = {}
        self._encoded = b""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """All of them, the process id included."""
        self._refresh()
        return self._attributes

    @property
    def encoded(self) -> bytes:
        """As the field of ``ResourceSpans`` that holds it."""
        self._refresh()
        return self._encoded

    def _refresh(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._attributes = {**self._given, process_attributes.PROCESS_PID: self._pid}
            self._encoded = field(b"\x0a", pairs(b"\x0a", self._attributes))


def resource_of(config: TelemetryConfig) -> ProcessResource:
    """The resource of one worker.

    Args:
        config: Names the service, its version, its environment and the worker's slot. Its
            ``resource_attributes`` may add others; the process and the SDK are what they are.
    """
    identity = {
        service_attributes.SERVICE_NAME: config.service_name,
        service_attributes.SERVICE_VERSION: config.service_version,
        service_attributes.SERVICE_INSTANCE_ID: config.instance_id,
        deployment_attributes.DEPLOYMENT_ENVIRONMENT_NAME: config.environment,
        host_attributes.HOST_NAME: config.host_name,
    }
    return ProcessResource(
        {
            **config.resource_attributes,
            **{name: value for name, value in identity.items() if value},
            telemetry_attributes.TELEMETRY_SDK_LANGUAGE: "python",
            telemetry_attributes.TELEMETRY_SDK_NAME: SDK_NAME,
            telemetry_attributes.TELEMETRY_SDK_VERSION: SDK_VERSION,
        }
    )
