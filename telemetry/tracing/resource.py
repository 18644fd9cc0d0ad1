"""Who speaks: the attributes that every span of this process shares.

Made from the settings and the process alone; no detector runs and no environment is read.

Source: OpenTelemetry semantic conventions, resource attributes.
"""

import os
import socket

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.version import __version__ as sdk_version
from opentelemetry.semconv._incubating.attributes import host_attributes, process_attributes
from opentelemetry.semconv.attributes import (
    deployment_attributes,
    service_attributes,
    telemetry_attributes,
)

from telemetry.config import TelemetryConfig


def resource_of(config: TelemetryConfig) -> Resource:
    """The resource of one worker.

    Args:
        config: Names the service, its version, its environment and the worker's slot.
    """
    return Resource(
        {
            service_attributes.SERVICE_NAME: config.service_name,
            service_attributes.SERVICE_VERSION: config.service_version,
            service_attributes.SERVICE_INSTANCE_ID: str(config.slot),
            deployment_attributes.DEPLOYMENT_ENVIRONMENT_NAME: config.environment,
            process_attributes.PROCESS_PID: os.getpid(),
            host_attributes.HOST_NAME: socket.gethostname(),
            telemetry_attributes.TELEMETRY_SDK_LANGUAGE: "python",
            telemetry_attributes.TELEMETRY_SDK_NAME: "opentelemetry",
            telemetry_attributes.TELEMETRY_SDK_VERSION: sdk_version,
        }
    )
