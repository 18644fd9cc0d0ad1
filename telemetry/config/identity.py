"""Settings that name a process in every signal: service, version, environment, host and slot.

Source: OpenTelemetry semantic conventions, resource attributes; OpenTelemetry specification,
"Environment Variable Specification".
"""

import os
import socket
import sys
from typing import Annotated, Final

from telemetry.config.fields import Field
from telemetry.config.settings import Settings
from telemetry.config.types import Environment

UNKNOWN_SERVICE: Final = "unknown_service"


def unknown_service() -> str:
    """The service name that the specification gives to a process that has none."""
    executable = os.path.basename(os.path.realpath(sys.executable)) if sys.executable else ""
    return f"{UNKNOWN_SERVICE}:{executable}" if executable else UNKNOWN_SERVICE


class EnvironmentSettings(Settings):
    """The deployment environment, for settings that depend on it."""

    environment: Environment = Field(
        "development",
        alias="DEPLOYMENT_ENVIRONMENT",
        description=(
            "name of the deployment environment in every signal; only `production` has a meaning"
        ),
    )

    @property
    def in_production(self) -> bool:
        """Whether the name is the one that has a meaning."""
        return self.environment == "production"


class IdentitySettings(EnvironmentSettings):
    """Which process of which service this is."""

    service_name: str = Field(
        default_factory=unknown_service,
        alias="OTEL_SERVICE_NAME",
        description="name of the service in every signal",
    )
    service_version: str = Field(
        "", alias="SERVICE_VERSION", description="version in every signal, and in health"
    )
    resource_attributes: dict[str, str] = Field(
        default_factory=dict,
        alias="OTEL_RESOURCE_ATTRIBUTES",
        description="attributes of the resource that made each span",
    )
    slot: Annotated[int, Field(ge=0, le=1023)] = Field(
        0,
        alias="TELEMETRY_SLOT",
        description=(
            "number of this worker, the end of its `service.instance.id`; under gunicorn the "
            "arbiter sets it"
        ),
    )

    @property
    def host_name(self) -> str:
        """``host.name``: as the resource attributes give it, else the machine's."""
        return self.resource_attributes.get("host.name") or socket.gethostname()

    @property
    def instance_id(self) -> str:
        """``service.instance.id``: as the resource attributes give it, else ``<host>/<slot>``.

        Unique over hosts and the same after a restart; on spans, metrics and log lines alike.
        """
        given = self.resource_attributes.get("service.instance.id")
        return given or f"{self.host_name}/{self.slot}"
